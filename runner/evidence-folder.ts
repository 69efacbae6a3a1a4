import { mkdir, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { codeOf } from "../lib/errors";
import { checkoutFolders } from "../lib/paths";

/** Where the evidence of one run goes. */
export interface EvidenceFolder {
  readonly path: string;
  /** The same, relative to the checkout. */
  readonly shown: string;
}

/**
 * Makes runs/<stack>/<n>, n one more than the highest there is, and lets runs/<stack>/latest point to it. Making the
 * folder decides between two that do so at once.
 */
export async function makeEvidenceFolder(root: string, stack: string): Promise<EvidenceFolder> {
  const ofStack = join(checkoutFolders.runs(root), stack);
  await mkdir(ofStack, { recursive: true });
  const numbers = (await readdir(ofStack)).filter((name) => /^\d+$/.test(name)).map(Number);
  for (let number = Math.max(0, ...numbers) + 1; ; number++) {
    const path = join(ofStack, String(number));
    try {
      await mkdir(path);
    } catch (error) {
      if (codeOf(error) === "EEXIST") continue;
      throw error;
    }
    await pointTo(join(ofStack, "latest"), String(number));
    return { path, shown: relative(root, path) };
  }
}

async function pointTo(link: string, target: string): Promise<void> {
  const temporary = `${link}.${target}.${process.pid}`;
  await rm(temporary, { force: true });
  await symlink(target, temporary);
  await rename(temporary, link);
}

/** Writes a file that is there as a whole or not at all. */
export async function writeWhole(path: string, content: string): Promise<void> {
  const temporary = `${path}.${process.pid}.part`;
  try {
    await writeFile(temporary, content);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
