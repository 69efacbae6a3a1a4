import { codeOf, ExitCode, UserError } from "../../lib/errors";

export const qemuBinary = "qemu-system-x86_64";
export const qemuImageTool = "qemu-img";

const packageOf: Record<string, string> = { [qemuBinary]: "qemu-system-x86", [qemuImageTool]: "qemu-utils" };

export function notInstalled(program: string): UserError {
  return new UserError(
    `${program} is not installed`,
    `apt-get install ${packageOf[program] ?? program}`,
    ExitCode.Infrastructure,
  );
}

/** Says which package to install when a program could not be started because it is not there. */
export function explainMissing(program: string, error: unknown): unknown {
  return codeOf(error) === "ENOENT" ? notInstalled(program) : error;
}
