import { ExitCode, UserError } from "../lib/errors";
import { retryUntil, TimeoutError } from "../lib/retry";
import { connectSsh } from "../lib/ssh";
import { ConnectionLost, HostKeyMismatch, LoginRefused } from "../lib/ssh-errors";
import type { SshTarget } from "../lib/ssh-target";

/** One try is over after this long: a guest that boots accepts and says nothing. */
const attemptMs = 20_000;

/**
 * Waits until the machine, and no other, lets us in.
 * @param stack for the hint of the error
 * @throws UserError when it does not within `seconds`, and at once when another host key answers
 */
export async function waitForSsh(
  stack: string,
  target: SshTarget,
  seconds: number,
  signal?: AbortSignal,
): Promise<void> {
  const hint = `see what it says: kmvm logs ${stack} --console; remove it: kmvm vm delete ${stack}`;
  let last: Error | undefined;
  try {
    await retryUntil({
      what: "ssh",
      timeoutMs: seconds * 1000,
      intervalMs: 200,
      ...(signal ? { signal } : {}),
      attempt: async () => {
        try {
          const connection = await connectSsh({ ...target, timeoutMs: attemptMs, ...(signal ? { signal } : {}) });
          connection.close();
          return true;
        } catch (error) {
          if (!(error instanceof ConnectionLost || error instanceof LoginRefused)) throw error;
          last = error;
          return undefined;
        }
      },
    });
  } catch (error) {
    if (error instanceof HostKeyMismatch) throw new UserError(error.message, hint, ExitCode.Infrastructure);
    if (!(error instanceof TimeoutError)) throw error;
    throw new UserError(
      `the machine of ${stack} does not let us in within ${seconds} s: ${last?.message ?? "no answer"}`,
      hint,
      ExitCode.Infrastructure,
    );
  }
}
