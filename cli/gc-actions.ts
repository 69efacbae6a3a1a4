import { rmSync } from "node:fs";
import { loadFacets } from "../components/backends/registry";
import { messageOf } from "../lib/errors";
import { removeBuild } from "../provider/images/abandoned";
import type { CliContext } from "./context";
import { releaseDeadLocks } from "./engine-locks";
import type { GcAction } from "./gc-plan";
import { endProcess } from "./gc-processes";
import { releaseLease, takeLease } from "./lease";
import { destroyAbandoned } from "./stack-life";
import { missingStack } from "./stack-state";
import { openStack, type Engine } from "./workspace";

type Doer<K extends GcAction["kind"]> = (
  action: Extract<GcAction, { kind: K }>,
  context: CliContext,
  engine: Engine,
) => Promise<void>;

/** Holds the stack's lease meanwhile: who has begun to use the stack since we looked makes this fail, not them. */
async function withLease(context: CliContext, stack: string, work: () => Promise<unknown>): Promise<void> {
  await takeLease(context.root, stack, "kmvm gc");
  // Released only when all went well: a lease of a dead `kmvm gc` says that there is still something to remove.
  await work();
  releaseLease(context.root, stack);
}

async function freeStack(context: CliContext, engine: Engine, name: string): Promise<void> {
  try {
    await releaseDeadLocks(context, engine, await openStack(context, engine, name, "select"));
  } catch (error) {
    if (!missingStack.test(messageOf(error))) throw error;
  }
}

const doers: { readonly [K in GcAction["kind"]]: Doer<K> } = {
  "end-process": (action) => endProcess(action),
  "destroy-stack": ({ stack }, context, engine) =>
    withLease(context, stack, () => destroyAbandoned(context, engine, stack)),
  "release-stack": ({ stack }, context, engine) => withLease(context, stack, () => freeStack(context, engine, stack)),
  "destroy-machine": async ({ backend, id }) => (await loadFacets(backend)).destroyer.destroy(id),
  "remove-remains": async ({ backend, id }) => (await loadFacets(backend)).leftovers.remove(id),
  "remove-build": ({ path }) => removeBuild(path),
  "remove-file": ({ path }) => {
    rmSync(path, { recursive: true, force: true });
    return Promise.resolve();
  },
};

/** Removes one thing. Succeeds also when it is gone already. */
export function perform(action: GcAction, context: CliContext, engine: Engine): Promise<void> {
  // The table has a doer of each kind for that kind; the compiler cannot follow one through the other.
  const doer = doers[action.kind] as Doer<GcAction["kind"]>;
  return doer(action, context, engine);
}
