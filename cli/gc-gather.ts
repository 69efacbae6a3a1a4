import { loadFacets } from "../components/backends/registry";
import { listAbandonedBuilds } from "../provider/images/abandoned";
import { isAbandonedSmoke } from "../provider/images/smoke-machines";
import { backends } from "../stacks/settings";
import type { CliContext } from "./context";
import type { GcFacts } from "./gc-facts";
import { temporaryFiles } from "./gc-files";
import { orphansThatStay } from "./gc-processes";
import { stackFacts } from "./gc-stacks";
import { allMachines } from "./stack-machines";
import { ownBackendHash } from "./stack-state";
import type { Engine } from "./workspace";

/** Looks at everything that could be left behind. Changes nothing. */
export async function gatherFacts(context: CliContext, engine: Engine): Promise<GcFacts> {
  // First, and to their end: what is about to make a machine would make it after we looked for machines.
  const processes = await orphansThatStay(context.root);
  const machines = (await allMachines()).map(({ backend, machine }) => ({
    ...machine,
    backend,
    makerGone: isAbandonedSmoke(machine),
  }));
  const backendHash = ownBackendHash(engine);
  const stacks = await stackFacts(
    context,
    engine,
    machines.filter((machine) => machine.backendHash === backendHash),
  );
  const remains = await Promise.all(
    backends.map(async (backend) =>
      (await (await loadFacets(backend)).leftovers.list()).map((one) => ({ ...one, backend })),
    ),
  );
  const builds = await listAbandonedBuilds(context.home);
  return {
    backendHash,
    machines,
    stacks,
    remains: remains.flat(),
    builds: builds.map((path) => ({ path, what: `unfinished image ${path}` })),
    files: temporaryFiles(context.root),
    processes,
  };
}
