import { execa } from "execa";

/** Where a git command runs, and what it may see of the environment. */
export interface GitOptions {
  readonly cwd?: string;
  /** Additional variables. */
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export class GitError extends Error {
  override readonly name = "GitError";
}

/** Nothing that a tree's own configuration names is started, and nobody is asked anything. */
const guards = ["-c", "safe.directory=*", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"];

/** @returns what git wrote on standard output. @throws GitError with the end of what it wrote on standard error */
export async function git(args: readonly string[], options: GitOptions = {}): Promise<string> {
  const { cwd, env, signal } = options;
  const result = await execa("git", [...guards, ...args], {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...env, GIT_TERMINAL_PROMPT: "0", GIT_SSH_COMMAND: "ssh -oBatchMode=yes", LC_ALL: "C" },
    ...(signal ? { cancelSignal: signal } : {}),
    stdin: "ignore",
    stripFinalNewline: false,
    reject: false,
    maxBuffer: 256 * 1024 * 1024,
  });
  signal?.throwIfAborted();
  if (!result.failed) return result.stdout;
  const why = result.stderr.trim().split("\n").slice(-3).join("; ") || result.shortMessage || "no output";
  throw new GitError(`git ${args[0] ?? ""} failed: ${why}`);
}
