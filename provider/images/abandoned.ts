import { execa } from "execa";
import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { codeOf } from "../../lib/errors";
import { isAlive } from "../../lib/process";
import { abandonedLock } from "./lock";
import { inNamespace, isRoot } from "./namespace";
import { imageFolder, imageNames } from "./store";

/** Begins the name of a folder that a build works in. */
export const buildPrefix = ".building-";
/** Begins the name of a version that is on its way out. */
const removedPrefix = ".removed-";
/** In a build's folder: the process that builds. */
export const ownerFile = "owner.json";

const ownerlessMs = 10_000;

const ownerSchema = z.object({ pid: z.number(), startTime: z.number() });

async function isAbandoned(folder: string): Promise<boolean> {
  try {
    return !isAlive(ownerSchema.parse(JSON.parse(await readFile(join(folder, ownerFile), "utf8"))));
  } catch (error) {
    // A folder without an owner: killed between making the one and writing the other, or just about to write it.
    if (codeOf(error) === "ENOENT") return Date.now() - (await stat(folder)).mtimeMs > ownerlessMs;
    throw error;
  }
}

/** Folders and locks of builds that nobody works on any more, absolute. @param name of one image only */
export async function listAbandonedBuilds(home: string, name?: string): Promise<string[]> {
  const found: string[] = [];
  for (const image of name === undefined ? await imageNames(home) : [name]) {
    const folder = imageFolder(home, image);
    const entries = await readdir(folder).catch((error: unknown) => {
      if (codeOf(error) === "ENOENT") return [];
      throw error;
    });
    for (const entry of entries) {
      const path = join(folder, entry);
      if (entry.startsWith(removedPrefix) || (entry.startsWith(buildPrefix) && (await isAbandoned(path))))
        found.push(path);
    }
    found.push(...(await abandonedLock(folder)));
  }
  return found;
}

/** Removes a build's folder; files in it may belong to the subordinate users of an ordinary one. */
export async function removeBuild(folder: string): Promise<void> {
  try {
    // Of a build that did not get that far nothing does: where namespaces are not allowed, there is nothing else.
    await rm(folder, { recursive: true, force: true });
    return;
  } catch (error) {
    if (!["EACCES", "EPERM"].includes(codeOf(error) ?? "")) throw error;
  }
  const [program = "", ...rest] = inNamespace(isRoot(), ["rm", "-rf", "--one-file-system", "--", folder]);
  await execa(program, rest, { stdin: "ignore" });
}

/** @returns the folders that were removed */
export async function removeAbandonedBuilds(home: string, name?: string): Promise<string[]> {
  const folders = await listAbandonedBuilds(home, name);
  for (const folder of folders) await removeBuild(folder);
  return folders;
}
