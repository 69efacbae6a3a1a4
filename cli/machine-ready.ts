import { ExitCode, UserError } from "../lib/errors";
import { TimeoutError } from "../lib/retry";
import { HostKeyMismatch, LoginRefused } from "../lib/ssh-errors";
import type { SshTarget } from "../lib/ssh-target";
import { waitForSsh } from "../lib/ssh-wait";

/**
 * Waits until the machine, and no other, lets us in.
 * @throws UserError when it does not within `seconds`, and at once when another host key answers
 */
export async function waitUntilReady(
  stack: string,
  target: SshTarget,
  seconds: number,
  signal?: AbortSignal,
): Promise<void> {
  try {
    const connection = await waitForSsh({ ...target, timeoutMs: seconds * 1000, ...(signal ? { signal } : {}) });
    connection.close();
  } catch (error) {
    const expected = [HostKeyMismatch, LoginRefused, TimeoutError].some((kind) => error instanceof kind);
    if (!expected || !(error instanceof Error)) throw error;
    throw new UserError(
      `nobody gets into the machine of ${stack}: ${error.message}`,
      `see what it says: kmvm logs ${stack} --console; remove it: kmvm vm delete ${stack}`,
      ExitCode.Infrastructure,
    );
  }
}
