import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lock } from "proper-lockfile";
import { z } from "zod";
import { codeOf, ExitCode, UserError } from "../lib/errors";
import { checkoutFolders } from "../lib/paths";
import { identify, isAlive } from "../lib/process";

/**
 * Says that a `kmvm` command is at work on a stack. A stack whose lease is held by a dead process was left behind by a
 * command that was killed; a stack without a lease is kept on purpose.
 */
const leaseSchema = z.object({
  pid: z.number(),
  startTime: z.number(),
  /** For a person. */
  command: z.string(),
  since: z.string(),
  /** It can be done again: killed, it leaves nothing half done. */
  repeatable: z.literal(true).optional(),
});
export type Lease = z.infer<typeof leaseSchema>;

/** What a lease is taken for. */
export type LeasedWork = Pick<Lease, "command" | "repeatable">;

const fileOf = (root: string, stack: string) => join(checkoutFolders.leases(root), `${stack}.json`);

export function readLease(root: string, stack: string): Lease | undefined {
  try {
    return leaseSchema.parse(JSON.parse(readFileSync(fileOf(root, stack), "utf8")));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    // Killed while writing it: nobody's, and of nobody alive.
    return { pid: 0, startTime: 0, command: "unknown", since: "unknown" };
  }
}

/** Stacks that have a lease. */
export function leasedStacks(root: string): string[] {
  try {
    return readdirSync(checkoutFolders.leases(root)).flatMap((file) => /^(.+)\.json$/.exec(file)?.[1] ?? []);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  }
}

export function isHeld(lease: Lease): boolean {
  return isAlive(lease);
}

export function releaseLease(root: string, stack: string): void {
  rmSync(fileOf(root, stack), { force: true });
}

/**
 * Takes the lease of a stack.
 * @returns the lease of a dead command that left the stack half done, if there was one
 * @throws UserError that says who holds it
 */
export async function takeLease(root: string, stack: string, work: LeasedWork): Promise<Lease | undefined> {
  const folder = checkoutFolders.leases(root);
  mkdirSync(folder, { recursive: true });
  // Two that find the same dead lease at once must not both take it.
  // What is done under it takes milliseconds: one that is two seconds old is of a process that was killed.
  const unlock = await lock(folder, { stale: 2000, retries: { retries: 50, minTimeout: 20, maxTimeout: 200 } });
  try {
    const other = readLease(root, stack);
    if (other && isHeld(other))
      throw new UserError(
        `stack ${stack} is in use: \`${other.command}\`, process ${other.pid}, since ${other.since}`,
        "wait for it, or choose another --id",
        ExitCode.Infrastructure,
      );
    const me = identify(process.pid);
    const mine: Lease = { ...work, pid: process.pid, startTime: me?.startTime ?? 0, since: new Date().toISOString() };
    writeFileSync(fileOf(root, stack), JSON.stringify(mine), { mode: 0o600 });
    return other?.repeatable ? undefined : other;
  } finally {
    await unlock();
  }
}

/**
 * Keeps every other command away from the stack while `act` is done: who has begun to use it since we looked makes this
 * fail, not them. When `act` fails the lease stays, as that of a command that was killed does: by it `kmvm gc` and the
 * next command know that the stack may not be whole.
 */
export async function withLease<T>(root: string, stack: string, work: LeasedWork, act: () => Promise<T>): Promise<T> {
  await takeLease(root, stack, work);
  const result = await act();
  releaseLease(root, stack);
  return result;
}
