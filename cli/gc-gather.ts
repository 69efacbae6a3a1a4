import type { Facets, MachineRemains } from "../components/backends/facets";
import { listAbandonedBuilds } from "../provider/images/abandoned";
import { isAbandonedSmoke } from "../provider/images/smoke-machines";
import type { BackendName } from "../stacks/settings";
import type { CliContext } from "./context";
import type { GcFacts } from "./gc-facts";
import { temporaryFiles } from "./gc-files";
import { orphansThatStay } from "./gc-processes";
import { stackFacts } from "./gc-stacks";
import { askBackends, openBackends, type OpenBackend, type Unreachable } from "./configured-backends";
import { machinesAtAll, type FoundMachine } from "./stack-machines";
import { ownBackendHash } from "./stack-state";
import type { Engine } from "./workspace";

interface FoundRemains {
  readonly at: OpenBackend;
  readonly remains: MachineRemains;
}

/** The same failure of a backend is told once. */
function told(unreachable: readonly Unreachable[]): Unreachable[] {
  return [...new Map(unreachable.map((one) => [JSON.stringify(one), one])).values()];
}

/** The powers over what was found, as the actions of a plan name it. */
export type PowersOver = (backend: BackendName, id: string) => Facets;

function powersOver(machines: readonly FoundMachine[], remains: readonly FoundRemains[]): PowersOver {
  const all = new Map([
    ...machines.map(({ backend, facets, machine }) => [`${backend}:${machine.id}`, facets] as const),
    ...remains.map(({ at, remains: one }) => [`${at.backend}:${one.id}`, at.facets] as const),
  ]);
  return (backend, id) => {
    const facets = all.get(`${backend}:${id}`);
    if (!facets) throw new Error(`nobody has found ${backend}:${id}`);
    return facets;
  };
}

/** Looks at everything that could be left behind, at every configured backend. Changes nothing. */
export async function gatherFacts(
  context: CliContext,
  engine: Engine,
): Promise<{ facts: GcFacts; powers: PowersOver; unreachable: readonly Unreachable[] }> {
  // First, and to their end: what is about to make a machine would make it after we looked for machines.
  const processes = await orphansThatStay(context.root);
  const opened = await openBackends(context);
  const seen = await machinesAtAll(opened);
  const machines = seen.machines.map(({ backend, machine }) => ({
    ...machine,
    backend,
    makerGone: isAbandonedSmoke(machine),
  }));
  const remains = await askBackends(opened, async (at) =>
    (await at.facets.leftovers.list()).map((one): FoundRemains => ({ at, remains: one })),
  );
  const backendHash = ownBackendHash(engine);
  const own = [
    ...machines.filter((machine) => machine.backendHash === backendHash).map(({ stack }) => stack),
    ...remains.found.flatMap(({ remains: { tags } }) => (tags?.backendHash === backendHash ? tags.stack : [])),
  ];
  const stacks = await stackFacts(context, engine, own);
  const builds = await listAbandonedBuilds(context.home);
  return {
    facts: {
      backendHash,
      machines,
      stacks,
      remains: remains.found.map(({ at, remains: one }) => ({ ...one, backend: at.backend })),
      builds: builds.map((path) => ({ path, what: `unfinished image ${path}` })),
      files: temporaryFiles(context.root),
      processes,
    },
    powers: powersOver(seen.machines, remains.found),
    unreachable: told([...seen.unreachable, ...remains.unreachable]),
  };
}
