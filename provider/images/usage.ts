import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { codeOf, ExitCode, UserError } from "../../lib/errors";
import { homeFolders } from "../../lib/paths";

const recordSchema = z.object({ image: z.object({ name: z.string(), version: z.string(), disk: z.string() }) });

const recordOf = (text: string) => {
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
};

/**
 * Versions that a machine's disk lies over, as `name@version`: a machine that is stopped needs its image as much as one
 * that runs. What cannot be read counts as used by nobody only if it is no machine at all.
 * @throws UserError for a machine that does not say what it uses
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
    let text: string;
    try {
      text = await readFile(join(folder, machine, "machine.json"), "utf8");
    } catch (error) {
      if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") continue;
      throw error;
    }
    const record = recordOf(text);
    if (!record)
      throw new UserError(
        `${join(folder, machine, "machine.json")} is damaged, so it is not known which image the machine uses; nothing is removed`,
        `when no process of this machine runs any more: rm -r ${join(folder, machine)}`,
        ExitCode.Infrastructure,
      );
    const { image } = record;
    used.add(`${image.name}@${image.version}`);
    used.add(`${image.name}@${basename(dirname(image.disk))}`);
  }
  return used;
}
