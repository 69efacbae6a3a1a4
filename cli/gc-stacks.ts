import { existsSync, readdirSync } from "node:fs";
import { messageOf } from "../lib/errors";
import { parseStackName } from "../stacks/name";
import type { CliContext } from "./context";
import { engineLocks, isDead, locksFolder } from "./engine-locks";
import type { StackFacts } from "./gc-facts";
import { isHeld, leasedStacks, readLease } from "./lease";
import { listStacks, missingStack, readState, type StackState } from "./stack-state";
import type { Engine } from "./workspace";

const nothing: StackState = { resources: [], pending: [] };

const isStackName = (name: string): boolean => {
  try {
    parseStackName(name);
    return true;
  } catch {
    return false;
  }
};

/** Stacks for which the engine has locks; it also locks one that it is about to create. */
function lockedStacks(engine: Engine): string[] {
  const folder = locksFolder(engine);
  return folder !== undefined && existsSync(folder) ? readdirSync(folder) : [];
}

function expiryIn({ resources }: StackState): string | undefined {
  const expiresAt = resources.find(({ type }) => type === "kmvm:index:Run")?.outputs?.["expiresAt"];
  return typeof expiresAt === "string" ? expiresAt : undefined;
}

/** When what a stack has made expires; undefined: it has made nothing that does. */
export async function expiryOf(context: CliContext, engine: Engine, stack: string): Promise<string | undefined> {
  return expiryIn((await stateOf(context, engine, stack)) ?? nothing);
}

/** The state of a stack; that it was removed meanwhile is no error. */
async function stateOf(context: CliContext, engine: Engine, name: string): Promise<StackState | undefined> {
  try {
    return await readState(context, engine, name, "hidden");
  } catch (error) {
    if (missingStack.test(messageOf(error))) return undefined;
    throw error;
  }
}

/**
 * Everything that is known of the stacks of this checkout. Names that are not ours are left out.
 * @param own stacks that machines and remains of our own state name
 */
export async function stackFacts(context: CliContext, engine: Engine, own: readonly string[]): Promise<StackFacts[]> {
  const existing = new Set(await listStacks(context, engine));
  const named = [...leasedStacks(context.root), ...lockedStacks(engine), ...own];
  const names = [...new Set([...existing, ...named])].filter(isStackName).sort();
  const facts: StackFacts[] = [];
  for (const name of names) {
    // Lease and locks before the state: who has both released is done with it.
    const lease = readLease(context.root, name);
    const locks = engineLocks(engine, name);
    const state = existing.has(name) ? await stateOf(context, engine, name) : undefined;
    facts.push({
      name,
      lease: lease && {
        held: isHeld(lease),
        pid: lease.pid,
        command: lease.command,
        halfDone: !lease.repeatable,
      },
      locks: locks?.map((lock) => ({ pid: lock.pid, dead: isDead(lock) })),
      pending: (state ?? nothing).pending,
      resourceIds: (state ?? nothing).resources.flatMap(({ id }) => id ?? []),
      expiresAt: expiryIn(state ?? nothing),
    });
  }
  return facts;
}
