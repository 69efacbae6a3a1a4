import type { Facets, MachineSummary } from "../components/backends/facets";
import { isAlwaysThere } from "../components/backends/load";
import { ExitCode, UserError } from "../lib/errors";
import { backends, type BackendName } from "../stacks/settings";
import type { CliContext } from "./context";
import {
  askBackends,
  openBackends,
  unreachableText,
  type OpenedBackends,
  type OpenBackend,
  type Unreachable,
} from "./configured-backends";
import { backendOfStack } from "./stack-settings";
import { ownBackendHash } from "./stack-state";
import type { Engine } from "./workspace";

/** A machine, and the powers over it. */
export interface FoundMachine {
  readonly backend: BackendName;
  readonly facets: Facets;
  readonly machine: MachineSummary;
}

async function machinesAt({ backend, facets }: OpenBackend): Promise<FoundMachine[]> {
  return (await facets.inventory.list()).map((machine) => ({ backend, facets, machine }));
}

/** The same machine is seen twice where two configurations show the same part of an account. */
export function uniqueMachines(found: readonly FoundMachine[]): FoundMachine[] {
  const byId = new Map(found.toReversed().map((one) => [`${one.backend}:${one.machine.id}`, one]));
  return found.filter((one) => byId.get(`${one.backend}:${one.machine.id}`) === one);
}

/** The machines of these backends, and what could not be asked. */
export async function machinesAtAll(
  opened: OpenedBackends,
): Promise<{ machines: FoundMachine[]; unreachable: Unreachable[] }> {
  const { found, unreachable } = await askBackends(opened, machinesAt);
  return { machines: uniqueMachines(found), unreachable };
}

/**
 * Every machine of every configured backend; one that does not answer is a warning.
 * @param wanted only these backends. @default all
 */
export async function allMachines(context: CliContext, wanted?: readonly BackendName[]): Promise<FoundMachine[]> {
  const { machines, unreachable } = await machinesAtAll(await openBackends(context, wanted));
  for (const one of unreachable) context.terminal.warn(`${unreachableText(one)}: its machines are not known`);
  return machines;
}

/** Where machines of a stack can be: its own backend, where its settings say which that is. */
export async function backendsOf(context: CliContext, stack: string): Promise<OpenedBackends> {
  const backend = backendOfStack(context, stack);
  return openBackends(context, backend && [backend]);
}

/**
 * The machines of these backends, whoever's they are.
 * @throws UserError when one of them does not answer, unless a machine of the stack is at another: a machine must not
 *   be taken for gone because nobody says that it is there
 */
export async function machinesNear(opened: OpenedBackends, stack: string): Promise<FoundMachine[]> {
  const { machines, unreachable } = await machinesAtAll(opened);
  const [first] = unreachable;
  if (!first || machines.some(({ machine }) => machine.stack === stack)) return machines;
  throw new UserError(unreachableText(first), `kmvm doctor --backend ${first.backend}`, ExitCode.Infrastructure);
}

/**
 * The machines of a stack of our own state. One that carries no hash was made where the state's URL was not told: its
 * stack's name must do.
 */
export async function machinesOf(
  context: CliContext,
  engine: Engine,
  stack: string,
  opened?: OpenedBackends,
): Promise<FoundMachine[]> {
  const hashes = [ownBackendHash(engine), ""];
  const near = await machinesNear(opened ?? (await backendsOf(context, stack)), stack);
  return near.filter(({ machine }) => machine.stack === stack && hashes.includes(machine.backendHash));
}

/** The machine of a stack, whether it runs or not; half a machine is none. */
export async function wholeMachineOf(
  context: CliContext,
  engine: Engine,
  stack: string,
): Promise<FoundMachine | undefined> {
  const [found] = await machinesOf(context, engine, stack);
  return found?.machine.state === "half-made" ? undefined : found;
}

/**
 * Sees to it that a machine runs.
 * @returns whether it was started just now, which can give it another address than it had
 */
export async function ensureRunning({ facets, machine }: FoundMachine): Promise<boolean> {
  if (machine.state === "running") return false;
  await facets.power.start(machine.id);
  return true;
}

/**
 * All machines, as far as they need be asked for to find one of this stack's or machine's name: those of this host, and
 * only where none of them is meant, those of the clouds.
 */
export async function machinesToMatch(context: CliContext, given: string): Promise<FoundMachine[]> {
  const here = await allMachines(context, backends.filter(isAlwaysThere));
  if (here.some(({ machine }) => machine.stack === given)) return here;
  return [
    ...here,
    ...(await allMachines(
      context,
      backends.filter((name) => !isAlwaysThere(name)),
    )),
  ];
}
