import { messageOf, UserError } from "../lib/errors";
import { TimeoutError } from "../lib/retry";
import { ConnectionLost, HostKeyMismatch, LoginRefused } from "../lib/ssh-errors";
import type { RunEnd } from "../lib/verdict";
import { MachineGone } from "./guest-link";
import { GitError } from "../lib/git";

/** A failure that belongs to a part of the run: `reason` is the word for it. */
export class Failed extends Error {
  override readonly name = "Failed";

  constructor(
    readonly reason: string,
    cause: unknown,
  ) {
    super(messageOf(cause), { cause });
  }
}

const reasons: readonly [type: abstract new (...args: never[]) => Error, reason: string][] = [
  [HostKeyMismatch, "host-key"],
  [LoginRefused, "login"],
  [MachineGone, "machine-gone"],
  [TimeoutError, "boot"],
  [ConnectionLost, "connection"],
  [GitError, "source"],
];

/** What the end of a run is called that something other than the tests brought about. */
export function endOfFailure(error: unknown): RunEnd {
  if (error instanceof Failed) return { kind: "infra", reason: error.reason, message: error.message };
  const reason = reasons.find(([type]) => error instanceof type)?.[1] ?? "runner";
  const hint = error instanceof UserError && error.hint ? ` (${error.hint})` : "";
  // A bug of ours is of no use without its place.
  const message =
    reason === "runner" && error instanceof Error && !(error instanceof UserError) ? error.stack : undefined;
  return { kind: "infra", reason, message: (message ?? messageOf(error)) + hint };
}
