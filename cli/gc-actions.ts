import { rmSync } from "node:fs";
import { removeBuild } from "../provider/images/abandoned";
import type { CliContext } from "./context";
import { releaseDeadLocks } from "./engine-locks";
import type { PowersOver } from "./gc-gather";
import type { GcAction } from "./gc-plan";
import { endProcess } from "./gc-processes";
import { expiryOf } from "./gc-stacks";
import { withLease } from "./lease";
import { destroyAbandoned } from "./stack-life";
import type { Engine } from "./workspace";

type Doer<K extends GcAction["kind"]> = (
  action: Extract<GcAction, { kind: K }>,
  context: CliContext,
  engine: Engine,
  powers: PowersOver,
) => Promise<unknown>;

const leased = ({ root }: CliContext, stack: string, work: () => unknown): Promise<unknown> =>
  withLease(root, stack, { command: "kmvm gc" }, async () => work());

const doers: { readonly [K in GcAction["kind"]]: Doer<K> } = {
  "end-process": (action) => endProcess(action),
  "destroy-stack": ({ stack, expiresAt }, context, engine) =>
    leased(context, stack, async () => {
      // What comes before it can take minutes, in which somebody may have found it and made it anew.
      if ((await expiryOf(context, engine, stack)) !== expiresAt) return "left alone";
      return destroyAbandoned(context, engine, stack);
    }),
  "release-stack": ({ stack }, context, engine) =>
    leased(context, stack, () => {
      releaseDeadLocks(context, engine, stack);
    }),
  "destroy-machine": ({ backend, id }, _context, _engine, powers) => powers(backend, id).destroyer.destroy(id),
  "remove-remains": ({ backend, id }, _context, _engine, powers) => powers(backend, id).leftovers.remove(id),
  "remove-build": ({ path }) => removeBuild(path),
  "remove-file": ({ path }) => {
    rmSync(path, { recursive: true, force: true });
    return Promise.resolve();
  },
};

/** Removes one thing. Succeeds also when it is gone already. @returns "left alone" where it is not what was judged any more */
export function perform(action: GcAction, context: CliContext, engine: Engine, powers: PowersOver): Promise<unknown> {
  // The table has a doer of each kind for that kind; the compiler cannot follow one through the other.
  const doer = doers[action.kind] as Doer<GcAction["kind"]>;
  return doer(action, context, engine, powers);
}
