import { execa } from "execa";
import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { codeOf, ExitCode, messageOf, UserError } from "../../lib/errors";
import { identify } from "../../lib/process";
import { memoryToBeHad } from "../qemu/memory";
import { buildPrefix, ownerFile, removeAbandonedBuilds, removeBuild } from "./abandoned";
import { hostAptConfiguration } from "./apt-sources";
import { removeUnusedPackages } from "./deb-cache";
import { flush, writeChecksums } from "./durable";
import { nextVersion } from "./image-version";
import { parsePackages, type Manifest } from "./manifest";
import { Phases, usualSeconds, type Progress } from "./progress";
import type { LoadedRecipe } from "./recipe-files";
import { runBuilder } from "./run-builder";
import { checkSealed } from "./seal";
import { imageFolder, listVersions, resolveImage, versionNames, type StoredVersion } from "./store";
import { fillWorkFolder } from "./work-folder";

/** Files of a version, beside manifest.json and SHA256SUMS. */
const versionFiles = ["disk.raw", "vmlinuz", "initrd"] as const;

async function gitState(root: string): Promise<Pick<Manifest, "gitCommit" | "gitDirty">> {
  const git = (...args: string[]) => execa("git", ["-C", root, ...args], { reject: false, stdin: "ignore" });
  const commit = await git("rev-parse", "HEAD");
  if (commit.exitCode !== 0) return {};
  const status = await git("status", "--porcelain");
  return { gitCommit: commit.stdout, gitDirty: status.stdout !== "" };
}

const readTrimmed = async (path: string) => (await readFile(path, "utf8")).trim();

/** Moves what the builder made into a folder that has the form of a version, whole and on the disk. */
async function assemble(work: string, root: string, version: string, loaded: LoadedRecipe, phases: Phases) {
  const { recipe, key } = loaded;
  const whole = join(work, "version");
  await mkdir(whole);
  for (const name of versionFiles) await rename(join(work, name), join(whole, name));
  await Promise.all([checkSealed(join(whole, "disk.raw"), process.env), writeChecksums(whole, versionFiles)]);
  phases.end();
  const manifest: Manifest = {
    schema: 1,
    name: recipe.name,
    version,
    key,
    diskFormat: "raw",
    suite: recipe.suite,
    kernelVersion: await readTrimmed(join(work, "kernel-version")),
    builtAt: new Date().toISOString(),
    ...(await gitState(root)),
    phases: phases.seconds,
    packages: parsePackages(await readFile(join(work, "packages.txt"), "utf8")),
  };
  await writeFile(join(whole, "manifest.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
  for (const name of [...versionFiles, "manifest.json", "SHA256SUMS"]) await flush(join(whole, name));
  await flush(whole);
  return { whole, manifest };
}

/** Seconds of each phase of the last build, or of builds as they usually are. */
async function estimates(home: string, name: string): Promise<Readonly<Record<string, number>>> {
  return (await listVersions(home, name)).at(-1)?.manifest.phases ?? usualSeconds;
}

function explainDiskFull(error: unknown, folder: string): unknown {
  return codeOf(error) === "ENOSPC"
    ? new UserError(
        `building the image failed: the disk of ${folder} is full`,
        "make room, or set KMVM_HOME to a folder on another disk",
        ExitCode.Infrastructure,
      )
    : error;
}

/**
 * Builds a new version of an image, next to those that are there; nothing of these changes. What has the name of a
 * version is whole: it is made under another name in the same file system. The caller holds the build lock.
 *
 * @param root the checkout: recipe and scripts are there
 */
export async function buildVersion(
  home: string,
  root: string,
  loaded: LoadedRecipe,
  { log, signal = new AbortController().signal }: Progress,
): Promise<StoredVersion> {
  const { name } = loaded.recipe;
  const folder = imageFolder(home, name);
  const work = join(folder, `${buildPrefix}${randomUUID().slice(0, 8)}`);
  const phases = new Phases(log, await estimates(home, name));
  for (const abandoned of await removeAbandonedBuilds(home, name))
    log?.(`removed what a killed build left: ${abandoned}`);
  try {
    await mkdir(work, { recursive: true });
    await writeFile(join(work, ownerFile), JSON.stringify(identify(process.pid)));
    const apt = await hostAptConfiguration(loaded.recipe.suite);
    const plan = { sources: apt.sources, aptOptions: apt.options, availableMiB: (await memoryToBeHad()) ?? 0 };
    await fillWorkFolder(work, loaded, plan);
    await runBuilder(
      join(root, "scripts/image/build.sh"),
      work,
      join(folder, "build.log"),
      (phase) => {
        phases.begin(phase);
      },
      signal,
    );
    phases.begin("seal and checksums");
    const version = nextVersion(await versionNames(home, name), new Date(), loaded.key);
    const { whole, manifest } = await assemble(work, root, version, loaded, phases);
    await rename(whole, join(folder, version));
    await flush(folder);
    await removeUnusedPackages(folder, manifest);
    log?.(`built ${name}@${version} in ${phases.total()} s`);
    return await resolveImage(home, `${name}@${version}`);
  } catch (error) {
    throw explainDiskFull(error, folder);
  } finally {
    // What cannot be removed now is abandoned, and found by the next build and by gc.
    await removeBuild(work).catch((error: unknown) => log?.(`cannot remove ${work}: ${messageOf(error)}`));
  }
}
