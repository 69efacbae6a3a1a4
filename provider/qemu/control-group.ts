import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

const mebibyte = 1024 ** 2;

const readNumber = async (path: string): Promise<number | undefined> => {
  const text = await readFile(path, "utf8").catch(() => "");
  // "max" is no limit.
  return /^\d+\s*$/.test(text) ? Number(text) : undefined;
};

/** MiB that the limit of a group leaves: what it holds of files that nobody uses at the moment can be had, too. */
async function leftIn(folder: string): Promise<number | undefined> {
  const limit = await readNumber(join(folder, "memory.max"));
  const used = await readNumber(join(folder, "memory.current"));
  if (limit === undefined || used === undefined) return undefined;
  const stat = await readFile(join(folder, "memory.stat"), "utf8").catch(() => "");
  const idle = Number(/^inactive_file (\d+)$/m.exec(stat)?.[1] ?? 0);
  return Math.max(0, Math.floor((limit - used + idle) / mebibyte));
}

/**
 * MiB that the control groups of this process leave it, as a container or a service has them
 * (docs.kernel.org/admin-guide/cgroup-v2.html, "Memory Interface Files"); undefined where none has a limit.
 * @param own the process's groups: `0::<path>` is the one of version 2
 * @param root where version 2 is mounted
 */
export async function groupMiB(own: string, root = "/sys/fs/cgroup"): Promise<number | undefined> {
  const path = /^0::(\/.*)$/m.exec(own)?.[1];
  if (path === undefined) return undefined;
  const folders: string[] = [];
  for (let folder = join(root, path); folder.startsWith(root); folder = dirname(folder)) folders.push(folder);
  const left = (await Promise.all(folders.map(leftIn))).filter((one) => one !== undefined);
  return left.length === 0 ? undefined : Math.min(...left);
}
