import { types } from "node:util";

/**
 * A mistake or a circumstance that the user can do something about: shown as message and hint, without a stack.
 * Anything else that is thrown is a bug and is shown with one.
 */
export class UserError extends Error {
  override readonly name = "UserError";

  /**
   * @param message what went wrong: the thing, the value given, what is allowed; lower case, no full stop
   * @param hint what to do about it: a command where there is one
   * @param exitCode see `ExitCode`. @default 2, usage or settings
   */
  constructor(
    message: string,
    readonly hint?: string,
    readonly exitCode: ExitCode = ExitCode.Usage,
  ) {
    super(message);
  }
}

/** Exit codes of every `kmvm` verb. */
export enum ExitCode {
  Pass = 0,
  TestsFailed = 1,
  Usage = 2,
  Infrastructure = 3,
  NotCleanedUp = 4,
  Interrupted = 130,
}

/** An error of another realm (jest has one for each test file, Node's own errors are of none of them) counts too. */
function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}

/** The message of anything that can be thrown. */
export function messageOf(error: unknown): string {
  return isError(error) ? error.message : String(error);
}

/** The code of a failed system call (`ENOENT`, …), if it is one. */
export function codeOf(error: unknown): string | undefined {
  return isError(error) && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
