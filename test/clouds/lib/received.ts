import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Made } from "../../support/policies/policy";
import type { Store } from "./store";

const fileOf = (store: Store): string => join(store.folder, "received.jsonl");

/** Notes what a provider was asked to make, as it goes to the cloud. */
export function recordReceived(store: Store, made: Made): void {
  appendFileSync(fileOf(store), `${JSON.stringify(made)}\n`);
}

/** Everything that providers were asked to make so far, in the order in which it came. */
export function received(store: Store): Made[] {
  if (!existsSync(fileOf(store))) return [];
  return readFileSync(fileOf(store), "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Made);
}
