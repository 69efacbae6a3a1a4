import { readdirSync, readFileSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { codeOf } from "../lib/errors";
import { stateFolder } from "../lib/state-folder";
import { identify, startedAt } from "../lib/process";
import type { CliContext } from "./context";
import { backendUrl, projectName, type Engine } from "./workspace";

/** A lock of a file backend, as the engine writes it to .pulumi/locks/organization/<project>/<stack>/<uuid>.json. */
const lockSchema = z.object({ pid: z.number(), username: z.string(), hostname: z.string(), timestamp: z.string() });
export interface EngineLock extends z.infer<typeof lockSchema> {
  readonly path: string;
}

/** Where a state in files keeps the locks of all stacks, a folder each; undefined where they cannot be seen. */
export function locksFolder(engine: Engine): string | undefined {
  const states = stateFolder(backendUrl(engine));
  return states && join(states, ".pulumi", "locks", "organization", projectName);
}

/** Locks that a stack has; undefined where they cannot be seen. */
export function engineLocks(engine: Engine, stack: string): EngineLock[] | undefined {
  const all = locksFolder(engine);
  if (all === undefined) return undefined;
  const folder = join(all, stack);
  try {
    // What the engine writes beside them, and has not finished to write, is no lock.
    const paths = readdirSync(folder).flatMap((file) => (file.endsWith(".json") ? join(folder, file) : []));
    return paths.map((path) => ({ path, ...lockSchema.parse(JSON.parse(readFileSync(path, "utf8"))) }));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  }
}

/** A process that began so much later than the lock was taken is another one of the same number, milliseconds. */
const certainlyLater = 60_000;

/** Whether the process that took a lock is gone. A lock of another host cannot be judged: it is not. */
export function isDead({ hostname: host, pid, timestamp }: EngineLock): boolean {
  if (host !== hostname()) return false;
  const holder = identify(pid);
  return holder === undefined || startedAt(holder) > Date.parse(timestamp) + certainlyLater;
}

/**
 * Releases the locks of a stack if every one was taken by a process of this host that is gone. Not by `pulumi cancel`:
 * that knows no stack whose creation was killed, and takes away what somebody has locked since we looked, too.
 */
export function releaseDeadLocks(context: CliContext, engine: Engine, stack: string): void {
  const locks = engineLocks(engine, stack) ?? [];
  if (locks.length === 0 || !locks.every(isDead)) return;
  context.terminal.step("lock", `of process ${locks.map(({ pid }) => pid).join(", ")}, which is gone: released`);
  // Beside each lock lie its attributes: github.com/google/go-cloud/blob/master/blob/fileblob/attrs.go.
  for (const { path } of locks) for (const file of [path, `${path}.attrs`]) rmSync(file, { force: true });
}
