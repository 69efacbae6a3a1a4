import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Store } from "./store";

/**
 * What goes wrong with a call.
 * - fail: refused with an error of the cloud's own, nothing is made
 * - capacity, quota, throttled: the same with the codes that stand for these
 * - lost: done, but the answer never arrives
 * - slow: done, but not finished within the time that the caller allows
 * - stuck-before, stuck-after: no answer at all, before or after it is done, until whoever asked is killed
 */
export const faultKinds = [
  "fail",
  "capacity",
  "quota",
  "throttled",
  "lost",
  "slow",
  "stuck-before",
  "stuck-after",
] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface Fault {
  /** The call: `create aws:ec2/instance:Instance`, or an action `ec2:TerminateInstances`. */
  readonly at: string;
  readonly kind: FaultKind;
  /** How often before it heals. @default 1 */
  readonly times?: number;
}

const scriptOf = (store: Store): string => join(store.folder, "faults.json");
const hitsOf = (store: Store): string => join(store.folder, "faults-hit");

const read = (store: Store): Fault[] =>
  existsSync(scriptOf(store)) ? (JSON.parse(readFileSync(scriptOf(store), "utf8")) as Fault[]) : [];

/** Replaces the script; forgets what was hit. */
export function scriptFaults(store: Store, faults: readonly Fault[]): void {
  writeFileSync(scriptOf(store), JSON.stringify(faults));
  writeFileSync(hitsOf(store), "");
}

/** Calls that a fault has hit, one line each, `lost create aws:…`: how a test knows that the moment has come. */
export function faultsHit(store: Store): string[] {
  return existsSync(hitsOf(store)) ? readFileSync(hitsOf(store), "utf8").split("\n").filter(Boolean) : [];
}

/** The fault that this call meets, which is used up by it. */
export function takeFault(store: Store, at: string): Promise<FaultKind | undefined> {
  return store.exclusively(() => {
    const faults = read(store);
    const index = faults.findIndex((fault) => fault.at === at && (fault.times ?? 1) > 0);
    const fault = faults[index];
    if (!fault) return undefined;
    faults[index] = { ...fault, times: (fault.times ?? 1) - 1 };
    writeFileSync(scriptOf(store), JSON.stringify(faults));
    return fault.kind;
  });
}

/** To be called when the fault has had its effect: what was done before it is done. */
export function recordHit(store: Store, kind: FaultKind, at: string): void {
  appendFileSync(hitsOf(store), `${kind} ${at}\n`);
}
