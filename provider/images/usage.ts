import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { codeOf } from "../../lib/errors";
import { homeFolders } from "../../lib/paths";

const recordSchema = z.object({ image: z.object({ name: z.string(), version: z.string(), disk: z.string() }) });

/**
 * Versions that a machine's disk lies over, as `name@version`: a machine that is stopped needs its image as much as one
 * that runs. What cannot be read counts as used by nobody only if it is no machine at all.
 */
export async function usedVersions(home: string): Promise<Set<string>> {
  const folder = homeFolders.machines(home);
  const used = new Set<string>();
  let machines: string[];
  try {
    machines = await readdir(folder);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return used;
    throw error;
  }
  for (const machine of machines) {
    try {
      const text = await readFile(join(folder, machine, "machine.json"), "utf8");
      const { image } = recordSchema.parse(JSON.parse(text));
      used.add(`${image.name}@${image.version}`);
      used.add(`${image.name}@${basename(dirname(image.disk))}`);
    } catch (error) {
      if (codeOf(error) !== "ENOENT" && codeOf(error) !== "ENOTDIR") throw error;
    }
  }
  return used;
}
