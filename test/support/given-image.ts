import { randomBytes } from "node:crypto";
import {
  appendFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { filesOf } from "../../lib/recipe";
import { nextVersion } from "../../provider/images/image-version";
import type { Manifest } from "../../provider/images/manifest";
import { loadRecipe } from "../../provider/images/recipe-files";
import { imageFolder, promote, versionNames } from "../../provider/images/store";
import type { OwnCheckout } from "./own-checkout";

type Checkout = Pick<OwnCheckout, "folder" | "home">;

/** From now on a checkout has an image store of its own, where it had this host's. */
function ownStore(home: string): void {
  const images = join(home, "images");
  if (!lstatSync(images).isSymbolicLink()) return;
  rmSync(images);
  mkdirSync(images);
}

/**
 * A version of what the recipe makes now, in the local store of a checkout as if it had been built and promoted there.
 * @param disk raw; it becomes the version's by a link, and so do other forms of it beside it, `disk.vmdk`
 * @returns the version's name
 */
export async function giveVersion({ folder, home }: Checkout, name: string, disk: string): Promise<string> {
  ownStore(home);
  const { key } = await loadRecipe(folder, name);
  const version = nextVersion(await versionNames(home, name), new Date(), key);
  const at = join(imageFolder(home, name), version);
  mkdirSync(at, { recursive: true });
  linkSync(disk, join(at, "disk.raw"));
  for (const form of readdirSync(dirname(disk)).filter((file) => /^disk\.(?!raw$)[a-z]+$/.test(file)))
    linkSync(join(dirname(disk), form), join(at, form));
  const manifest: Manifest = {
    ...{ schema: 1, name, version, key, diskFormat: "raw", suite: "bookworm", kernelVersion: "0" },
    ...{ builtAt: new Date().toISOString(), phases: {}, packages: {} },
  };
  writeFileSync(join(at, "manifest.json"), JSON.stringify(manifest));
  writeFileSync(join(at, "smoke-passed"), manifest.builtAt);
  await promote(home, name, version);
  return version;
}

/** Something that the image is made of is another one from now on, so that there is something to publish. */
export async function changeRecipe({ folder }: Checkout, name: string): Promise<void> {
  const { recipe } = await loadRecipe(folder, name);
  appendFileSync(join(folder, filesOf(recipe).at(-1) ?? ""), `\n# ${randomBytes(8).toString("hex")}\n`);
}

/** A disk with nothing that boots, and no two alike: converted and brought somewhere in no time. @returns `path` */
export function smallDisk(path: string): string {
  writeFileSync(path, randomBytes(1024 ** 2));
  truncateSync(path, 64 * 1024 ** 2);
  return path;
}
