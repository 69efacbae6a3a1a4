import { spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { ExitCode, UserError } from "../../lib/errors";
import { repositoryRoot } from "../../lib/paths";
import { notInstalled, qemuBinary } from "./binary";
import { diskFull } from "./disk-space";
import { files } from "./folder";
import { waitForQmp } from "./qmp";

/** The address is someone else's: try the next one. */
export class AddressTaken extends Error {
  override readonly name = "AddressTaken";
}

/** QEMU's own words -> what they mean. First match counts. */
const complaints: readonly { readonly says: RegExp; readonly means: (folder: string, said: string) => Error }[] = [
  { says: /Could not set up host forwarding rule/, means: (_, said) => new AddressTaken(said) },
  {
    says: /cannot set up guest memory|Cannot allocate memory/,
    means: (_, said) =>
      new UserError(
        `this host has too little memory for the machine: ${said}`,
        "set memoryMiB lower",
        ExitCode.Infrastructure,
      ),
  },
  { says: /failed to execute qemu-system/, means: () => notInstalled(qemuBinary) },
  { says: /No space left on device/, means: (folder, said) => diskFull(folder, said) },
  {
    says: /Cannot lock pid file|Failed to get "write" lock/,
    means: (folder) =>
      new UserError(`another QEMU is at work in ${folder}`, "try again, or kmvm gc", ExitCode.Infrastructure),
  },
];

/** Lines that QEMU writes although all is well: TCG does not have every feature of a CPU model. */
const harmless = /warning: TCG doesn't support requested feature/;

/** Pure: what QEMU wrote before it ended -> an error. */
export function explainQemu(folder: string, text: string, code: number | null): Error {
  const lines = text.split("\n").filter((line) => line.trim() !== "" && !harmless.test(line));
  const said = lines.slice(-3).join("; ") || `nothing, exit code ${code ?? "none"}`;
  const known = complaints.find(({ says }) => says.test(text));
  return (
    known?.means(folder, said) ??
    new UserError(`QEMU ended at once: ${said}`, `its log is ${join(folder, files.log)}`, ExitCode.Infrastructure)
  );
}

/** Under emulation on a busy host QEMU takes seconds to come up; it never takes this long. */
const answerTimeoutMs = 30_000;

export interface LaunchOptions {
  /** A file that QEMU finds open as `inheritedFile`, for reading. */
  readonly file?: string;
  readonly signal?: AbortSignal;
}

/** Number of the file descriptor of `LaunchOptions.file` in QEMU. */
export const inheritedFile = 3;

/**
 * Starts QEMU under its deadline and waits until it answers. It belongs to no one: neither this process' end nor a
 * signal to this process' group reaches it.
 * @param folder without symbolic links
 */
export async function launch(
  folder: string,
  expiresAt: string,
  argv: readonly string[],
  { file, signal }: LaunchOptions = {},
): Promise<void> {
  const logPath = join(folder, files.log);
  const logFrom = await stat(logPath).then(
    ({ size }) => size,
    () => 0,
  );
  const log = await open(logPath, "a", 0o600);
  const inherited = file === undefined ? undefined : await open(file, "r");
  try {
    const child = spawn(
      "/bin/sh",
      [
        join(repositoryRoot(), "provider", "qemu", "supervise.sh"),
        String(Math.floor(Date.parse(expiresAt) / 1000)),
        folder,
        qemuBinary,
        ...argv,
      ],
      {
        cwd: folder,
        detached: true,
        stdio: ["ignore", log.fd, log.fd, ...(inherited ? [inherited.fd] : [])],
        env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C" },
      },
    );
    await once(child, "spawn");
    child.unref();
    await waitForQmp(
      folder,
      answerTimeoutMs,
      () => (child.exitCode === null && child.signalCode === null ? undefined : new Error("QEMU ended")),
      signal,
    ).catch(async (error: unknown) => {
      if (child.exitCode === null && child.signalCode === null) throw error;
      throw explainQemu(folder, (await readFile(logPath, "utf8")).slice(logFrom), child.exitCode);
    });
  } finally {
    await log.close();
    await inherited?.close();
  }
}
