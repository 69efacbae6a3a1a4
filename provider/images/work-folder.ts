import { mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Recipe } from "../../lib/recipe";
import type { LoadedRecipe } from "./recipe-files";

/** Memory that must be free for the root file system to be built in it: twice its size. */
const memoryFactor = 2;

export interface BuildPlan {
  /** Lines for mmdebstrap's sources.list. */
  readonly sources: readonly string[];
  /** Options for apt, during the build only. */
  readonly aptOptions: readonly string[];
  /** MiB of memory that can be had. */
  readonly availableMiB: number;
}

/**
 * Arguments of mmdebstrap, without suite, target, sources and hooks. Documentation and translations are left out.
 * No flush to the disk for each file: a build that is cut off is thrown away.
 */
export function mmdebstrapArguments(recipe: Pick<Recipe, "packages">, aptOptions: readonly string[]): string[] {
  const excluded = ["/usr/share/man/*", "/usr/share/locale/*", "/usr/share/doc/*"];
  return [
    // root of a user namespace of our own, where it is not the real one
    ...["--mode=root", "--variant=apt", "--format=directory"],
    // Packages that are downloaded stay in a folder of ours, which is not empty. Lists are removed by the recipe:
    // mmdebstrap would run apt for it, and one that does not find its configuration empties the lists of the host.
    "--skip=download/empty,cleanup/apt/cache,cleanup/apt/lists",
    ...['APT::Sandbox::User "root"', ...aptOptions].map((option) => `--aptopt=${option}`),
    ...["force-unsafe-io", ...excluded.map((path) => `path-exclude=${path}`)].map((option) => `--dpkgopt=${option}`),
    "--dpkgopt=path-include=/usr/share/doc/*/copyright",
    `--include=${recipe.packages.join(",")}`,
  ];
}

/** How many MiB of memory the root file system gets; undefined: it is built on the disk. */
export function rootInMemory({ diskMiB }: Pick<Recipe, "diskMiB">, availableMiB: number): number | undefined {
  return availableMiB >= memoryFactor * diskMiB ? diskMiB : undefined;
}

async function writeScripts(folder: string, paths: readonly string[], files: LoadedRecipe["files"]): Promise<void> {
  await mkdir(folder);
  for (const [index, path] of paths.entries())
    await writeFile(join(folder, `${String(index).padStart(2, "0")}-${basename(path)}`), files.get(path) ?? "", {
      mode: 0o755,
    });
}

/** Writes all that scripts/image/build.sh reads. */
export async function fillWorkFolder(folder: string, { recipe, files }: LoadedRecipe, plan: BuildPlan): Promise<void> {
  const memory = rootInMemory(recipe, plan.availableMiB);
  const write = (name: string, lines: readonly (string | number)[]) =>
    writeFile(join(folder, name), lines.map((line) => `${line}\n`).join(""));
  await write("mmdebstrap", mmdebstrapArguments(recipe, plan.aptOptions));
  await write("sources.list", plan.sources);
  await write("suite", [recipe.suite]);
  await write("disk-mib", [recipe.diskMiB]);
  if (memory !== undefined) await write("in-memory", [memory]);
  await writeScripts(join(folder, "prepare"), recipe.prepare, files);
  await writeScripts(join(folder, "scripts"), recipe.scripts, files);
  await writeFile(join(folder, "checks"), files.get(recipe.checks) ?? "", { mode: 0o755 });
}
