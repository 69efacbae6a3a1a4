import { execa } from "execa";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { ExitCode, UserError } from "../../lib/errors";
import { pathWithSbin } from "./build-path";
import { howToAllowNamespaces, inNamespace, isRoot } from "./namespace";

/** Packages that hold the programs that a build runs; setup installs them. */
const packages = "mmdebstrap dosfstools mtools e2fsprogs fdisk systemd-boot-efi uidmap util-linux";

/** What of mmdebstrap's output begins a phase that our own scripts do not announce. */
const announcements: readonly [RegExp, string][] = [
  [/^phase: (.+)$/, "$1"],
  [/^I: running apt-get update/, "package lists"],
  [/^I: downloading packages with apt/, "essential packages"],
];

/** Name of the phase that a line of output begins, if it does. */
export function phaseOf(line: string): string | undefined {
  for (const [pattern, name] of announcements) {
    const match = pattern.exec(line);
    if (match) return name.replace("$1", match[1] ?? "");
  }
  return undefined;
}

/** What in the output tells, what that is, and what to do about it. */
const reasons: readonly (readonly [RegExp, string, string | (() => string)])[] = [
  [/No space left on device|ENOSPC/, "the disk is full", "make room, or set KMVM_HOME to a folder on another disk"],
  [
    /Could not resolve|Temporary failure resolving|Could not connect|Failed to fetch/,
    "packages cannot be downloaded",
    "check the network and /etc/apt; what was downloaded is kept for the next attempt",
  ],
  [/newuidmap|newgidmap|^unshare: /, "user namespaces cannot be used", howToAllowNamespaces],
  [/command not found|No such file or directory.*systemd-boot/, "a program is missing", `apt-get install ${packages}`],
];

/** Says in a person's words why a build failed, as far as its output tells. */
export function explainFailure(output: readonly string[], logPath: string): UserError {
  const [, what, hint] = reasons.find(([pattern]) => output.some((line) => pattern.test(line))) ?? [];
  const tail = output.slice(-12).map((line) => `  ${line}`);
  return new UserError(
    `building the image failed${what ? `: ${what}` : ""}\n${tail.join("\n")}`,
    [typeof hint === "function" ? hint() : hint, `all of its output: ${logPath}`].filter(Boolean).join("\n  "),
    ExitCode.Infrastructure,
  );
}

const linesKept = 2000;

/** The build's environment: what it needs to reach the archives, and nothing that could be a secret. */
function builderEnvironment(folder: string): Record<string, string> {
  const passed = ["http_proxy", "https_proxy", "no_proxy"].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { PATH: pathWithSbin(), LC_ALL: "C.UTF-8", TMPDIR: folder, ...Object.fromEntries(passed) };
}

/**
 * Runs scripts/image/build.sh in a namespace of its own.
 * @param onPhase called with the name of each phase that begins
 */
export async function runBuilder(
  script: string,
  folder: string,
  logPath: string,
  onPhase: (name: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const [program = "", ...rest] = inNamespace(isRoot(), [script, folder]);
  const log = createWriteStream(logPath);
  // A build whose output cannot be kept, on a full disk, would not have room for its image either.
  const broken = new AbortController();
  log.on("error", (error) => {
    broken.abort(error);
  });
  const output: string[] = [];
  try {
    const subprocess = execa(program, rest, {
      stdin: "ignore",
      all: true,
      buffer: false,
      reject: false,
      extendEnv: false,
      env: builderEnvironment(folder),
      cancelSignal: AbortSignal.any([signal, broken.signal]),
      // Its first process of the namespace ignores what it has no handler for.
      killSignal: "SIGKILL",
    });
    for await (const line of subprocess.iterable({ from: "all" })) {
      log.write(`${line}\n`);
      output.push(line);
      if (output.length > linesKept) output.shift();
      const phase = phaseOf(line);
      if (phase !== undefined) onPhase(phase);
    }
    const { exitCode, failed } = await subprocess;
    signal.throwIfAborted();
    broken.signal.throwIfAborted();
    if (failed || exitCode !== 0) throw explainFailure(output, logPath);
    await finished(log.end());
  } finally {
    await finished(log.end()).catch(() => undefined);
  }
}
