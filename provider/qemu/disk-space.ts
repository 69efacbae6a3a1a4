import { access, statfs } from "node:fs/promises";
import { codeOf, ExitCode, messageOf, UserError } from "../../lib/errors";

export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** A guest that only boots writes about this much. */
const leastFreeMiB = 512;

/**
 * @param folder must exist
 * @throws UserError when so little is free that the machine would not even boot
 */
export async function checkDiskSpace(folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const freeMiB = Math.floor((bavail * bsize) / 1024 ** 2);
  if (freeMiB < leastFreeMiB) throw diskFull(folder, `only ${freeMiB} MiB are free, a machine needs ${leastFreeMiB}`);
}

export function diskFull(folder: string, why: string): UserError {
  return new UserError(
    `the disk is full: ${folder}: ${why}`,
    "make room (kmvm gc, kmvm image prune), or set KMVM_HOME to a folder on another disk",
    ExitCode.Infrastructure,
  );
}

const tells = /No space left on device|Disk quota exceeded/;

/** Turns every way in which a full disk shows itself into one message; leaves other errors alone. */
export function explainDiskFull(folder: string, error: unknown): unknown {
  const code = codeOf(error);
  return code === "ENOSPC" || code === "EDQUOT" || tells.test(messageOf(error))
    ? diskFull(folder, "nothing more can be written")
    : error;
}
