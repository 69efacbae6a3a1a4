import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Store } from "./store";

/** One call that the control plane has answered or refused. */
export interface Call {
  /** As the cloud's permissions name it: `ec2:RunInstances`. */
  readonly action: string;
  /** Whether it could change anything. */
  readonly changes: boolean;
}

const fileOf = (store: Store): string => join(store.folder, "calls.jsonl");

/** Appends a line: whole, also when several processes do so at once, since it is short. */
export function recordCall(store: Store, call: Call): void {
  appendFileSync(fileOf(store), `${JSON.stringify(call)}\n`);
}

/** Every call so far, in the order in which they came. */
export function calls(store: Store): Call[] {
  if (!existsSync(fileOf(store))) return [];
  return readFileSync(fileOf(store), "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Call);
}
