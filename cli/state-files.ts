import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createOnce } from "../lib/create-once";
import { stateFolder } from "../lib/state-folder";

/**
 * Stacks in the engine's file backend, looked up and made without starting the engine, whose `stack init` takes a third
 * of a second: half of it for a key that it derives from the passphrase, and the stack's first update derives again.
 */
export interface StateFiles {
  /** Makes a stack of which nothing is there yet, as `stack init` does first. One that is there stays as it is. */
  create(stack: string): void;
  /** @throws in the engine's words when there is no such stack */
  select(stack: string): void;
}

/** The only layout that is known here. */
const layout = "version: 1";

/**
 * The layout is that of pkg/backend/diy in pulumi/pulumi, each file an `apitype.VersionedCheckpoint`.
 * @param url of the engine's states
 * @returns undefined: they are elsewhere or laid out otherwise, so that the engine must be asked
 */
export function stateFiles(url: string, project: string): StateFiles | undefined {
  const states = stateFolder(url);
  if (states === undefined) return undefined;
  const root = join(states, ".pulumi");
  try {
    if (readFileSync(join(root, "meta.yaml"), "utf8").trim() !== layout) return undefined;
  } catch {
    return undefined; // the engine's first command makes it
  }
  const folder = join(root, "stacks", project);
  const fileOf = (stack: string) => join(folder, `${stack}.json`);
  const isThere = (stack: string) => existsSync(fileOf(stack)) || existsSync(`${fileOf(stack)}.gz`);
  return {
    create: (stack) => {
      if (isThere(stack)) return;
      mkdirSync(folder, { recursive: true });
      const checkpoint = { version: 3, checkpoint: { stack: `organization/${project}/${stack}` } };
      createOnce(fileOf(stack), JSON.stringify(checkpoint));
    },
    select: (stack) => {
      if (!isThere(stack)) throw new Error(`no stack named '${stack}' found`);
    },
  };
}
