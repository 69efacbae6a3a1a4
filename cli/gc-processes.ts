import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import { systemClock } from "../lib/retry";
import { identify, isAlive, readStat } from "../lib/process";
import type { ProcessFacts } from "./gc-facts";

/** Programs that the engine, or one of its plugins, starts for a checkout. */
const programs = ["pulumi-resource-kmvm", "pulumi-resource-command", "pulumi-language-nodejs", "kmvm-runner"];

/** What takes in processes whose parent is gone. */
const inits = ["systemd", "init", "tini", "dumb-init", "docker-init", "catatonit"];

/** A process as /proc shows it. */
export interface SeenProcess {
  readonly pid: number;
  readonly parent: number;
  /** Short name of the parent. */
  readonly parentName: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  /** Value of KMVM_CHECKOUT in its environment. */
  readonly checkout: string | undefined;
}

/** Pure: the name of the program of ours that a process of this checkout runs, if its parent is gone. */
export function orphanedProgram(root: string, seen: SeenProcess): string | undefined {
  const isOurs = seen.cwd === root || seen.cwd.startsWith(`${root}/`) || seen.checkout === root;
  const isOrphan = seen.parent === 1 || inits.includes(seen.parentName);
  if (!isOurs || !isOrphan) return undefined;
  // The interpreter, options of it, the script.
  return seen.argv
    .slice(0, 4)
    .map((word) => basename(word))
    .find((name) => programs.includes(name));
}

function look(pid: number): SeenProcess | undefined {
  const parent = readStat(pid)?.parent;
  if (parent === undefined) return undefined;
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, "utf8");
    return {
      pid,
      parent,
      parentName: readFileSync(`/proc/${parent}/comm`, "utf8").trim(),
      argv: readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0"),
      cwd: readlinkSync(`/proc/${pid}/cwd`),
      checkout: /(?:^|\0)KMVM_CHECKOUT=([^\0]*)/.exec(environment)?.[1],
    };
  } catch {
    // It ended meanwhile, or is another user's.
    return undefined;
  }
}

/** Processes of this checkout that nobody waits for. */
export function orphans(root: string): ProcessFacts[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.flatMap((name) => {
    const identity = identify(Number(name));
    const seen = identity && look(identity.pid);
    const program = seen && orphanedProgram(root, seen);
    return program && identity ? [{ ...identity, program }] : [];
  });
}

/** They end by themselves within half a second; what they do until then must be over before anything is judged. */
const selfEndMs = 3000;

/** Waits until orphans have ended by themselves. @returns those that have not */
export async function orphansThatStay(root: string): Promise<ProcessFacts[]> {
  const deadline = Date.now() + selfEndMs;
  for (;;) {
    const left = orphans(root);
    if (left.length === 0 || Date.now() > deadline) return left;
    await systemClock.sleep(50);
  }
}

/** Ends exactly this process. @throws when it does not even heed SIGKILL */
export async function endProcess(process_: Pick<ProcessFacts, "pid" | "startTime">): Promise<void> {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    if (!isAlive(process_)) return;
    try {
      process.kill(process_.pid, signal);
    } catch {
      // It ended meanwhile.
    }
    for (let waited = 0; waited < 2000 && isAlive(process_); waited += 50) await systemClock.sleep(50);
  }
  if (isAlive(process_)) throw new Error(`process ${process_.pid} does not even heed SIGKILL`);
}
