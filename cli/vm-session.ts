import { ExitCode, messageOf, UserError } from "../lib/errors";
import type { Settings } from "../stacks/settings";
import { flagsFirst, type CliContext } from "./context";
import { showEstimate } from "./cost";
import { showExplanation } from "./explain";
import { handleInterrupts, type Interrupt } from "./interrupt";
import { askedOfKept, freshStack, remainsOf } from "./kept-stack";
import { releaseLease, takeLease } from "./lease";
import { keepLastWords } from "./last-words";
import { accessTo, type MachineAccess } from "./machine-access";
import { showEngineFailure } from "./report";
import { flagSubject, machineFlags } from "./setting-flags";
import { showRefused, updateOnce, updateSomewhere } from "./somewhere";
import { destroyHalfMade, destroyStack, leavesSomething, removeAtEnd, type Outcome } from "./stack-life";
import { ensureRunning, machinesOf, wholeMachineOf } from "./stack-machines";
import { checkedSettings } from "./stack-settings";
import { waitUntilReady } from "./machine-ready";
import { openEngine, openStack, readConfiguration, type Engine, type Stack } from "./workspace";

/** How a person gets in, and until when. */
function showAccess(context: CliContext, stack: string, access: MachineAccess, json: boolean): void {
  const { address, port, user, hostKey } = access.target;
  if (json) {
    const { id, expiresAt } = access;
    context.terminal.print(JSON.stringify({ stack, id, address, port, user, hostKey, expiresAt }));
    return;
  }
  context.terminal.step("expires", `${access.expiresAt}; remove it with: kmvm vm delete ${stack}`);
  context.terminal.line(`kmvm ssh ${stack}`);
}

/** The stack, and whether this command makes its machine: one that was there is not this command's to remove. */
interface Prepared {
  readonly stack: Stack;
  readonly fresh: boolean;
}

async function undo(
  context: CliContext,
  { stack, fresh }: Prepared,
  code: ExitCode,
  remove: () => Promise<void>,
): Promise<Outcome> {
  if (!fresh) {
    context.terminal.step("kept", `the machine that was there; remove it with: kmvm vm delete ${stack.name}`);
    return { code };
  }
  return removeAtEnd(context, code, remove);
}

/** Keeps what the machines of a stack have said that is about to be removed. */
async function keepConsoles(context: CliContext, engine: Engine, stack: string): Promise<void> {
  try {
    for (const found of await machinesOf(context, engine, stack)) await keepLastWords(context, stack, found);
  } catch (error) {
    context.terminal.warn(messageOf(error));
  }
}

/** Updates the stack. What it made is removed when it fails: without keys in the state nobody gets into it. */
async function make(context: CliContext, engine: Engine, prepared: Prepared, signal: AbortSignal): Promise<Outcome> {
  const { stack } = prepared;
  const update = () => updateOnce(context, stack, signal);
  const placed = await updateSomewhere(context, stack, signal, update, () => !prepared.fresh);
  const { errors, failure } = placed.update;
  if (failure === undefined) return { code: ExitCode.Pass };
  let code = ExitCode.Interrupted;
  if (!signal.aborted) {
    showEngineFailure(context.terminal, errors, failure, "the machine was not made");
    showRefused(context.terminal, placed.refused);
    code = await showExplanation(context.terminal, placed.settings, errors, failure);
    if (prepared.fresh) await keepConsoles(context, engine, stack.name);
  }
  return undo(context, prepared, code, () => destroyHalfMade(context, engine, stack));
}

/** @throws UserError for flags that the machine that is there would have to be made anew for */
function refuseOtherFlags(
  stack: string,
  existing: Readonly<Record<string, unknown>>,
  asked: Readonly<Record<string, unknown>>,
): void {
  const texts = Object.entries(asked).map(([key, value]) => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  const others = texts.filter(([key = "", value]) => existing[key] !== value).map(([key]) => key);
  if (others.length > 0)
    throw new UserError(
      `the machine of ${stack} is there already, with other settings than asked for: ${others.join(", ")}`,
      `as it is: the same command without them; anew: kmvm vm delete ${stack} first`,
    );
}

async function prepare(
  context: CliContext,
  engine: Engine,
  settings: Settings,
  configuration: Record<string, unknown>,
  abandoned: boolean,
): Promise<Prepared> {
  const name = settings.stack.full;
  const existing = readConfiguration(context.root, name);
  const known = Object.keys(existing).length > 0;
  const found = known && !abandoned ? await wholeMachineOf(context, engine, name) : undefined;
  if (found) {
    refuseOtherFlags(name, existing, askedOfKept(existing, configuration));
    await ensureRunning(found);
    return { stack: await openStack(context, engine, name, "select"), fresh: false };
  }
  const remains = await remainsOf(context, engine, name, abandoned);
  // Never empty, so that a later command knows the stack by its file.
  const made = { backend: settings.backend, ...configuration };
  return { stack: await freshStack(context, engine, name, made, remains), fresh: true };
}

async function session(
  context: CliContext,
  settings: Settings,
  configuration: Record<string, unknown>,
  options: { abandoned: boolean; json: boolean },
  interrupt: Interrupt,
): Promise<Outcome> {
  const { terminal } = context;
  const name = settings.stack.full;
  terminal.line(terminal.colors.bold(name));
  await showEstimate(context, settings);
  const engine = openEngine(context);
  const prepared = await prepare(context, engine, settings, configuration, options.abandoned);
  const made = await make(context, engine, prepared, interrupt.signal);
  if (made.code !== ExitCode.Pass) return made;
  const access = await accessTo(context, engine, name);
  terminal.status("waiting for ssh");
  try {
    await waitUntilReady(name, access.target, settings.limits.boot, interrupt.signal);
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    return await undo(context, prepared, ExitCode.Interrupted, () => destroyStack(context, prepared.stack));
  }
  terminal.step("ready", `${access.id} at ${access.target.address}:${access.target.port}`);
  showAccess(context, name, access, options.json);
  return made;
}

/**
 * `kmvm vm up`: makes the machine, or starts the one that is there, and waits until one can log in.
 * @throws UserError for settings that are wrong and for a stack that is in use, before anything is created
 */
export async function vmUp(
  asked: CliContext,
  stackName: string,
  configuration: Record<string, unknown>,
  json: boolean,
): Promise<ExitCode> {
  const context = flagsFirst(asked, configuration);
  const { root, terminal } = context;
  const wanted = { ...readConfiguration(root, stackName), ...configuration };
  const subject = flagSubject(stackName, machineFlags);
  const { settings } = await checkedSettings(context, stackName, wanted, subject);
  const { profile, id } = settings.stack;
  const command = `kmvm vm up --profile ${profile} --id ${id}`;
  const abandoned = (await takeLease(root, stackName, { command })) !== undefined;
  const interrupt = handleInterrupts(
    () => {
      terminal.line("interrupted: removing what this command has made; once more leaves at once");
    },
    () => {
      terminal.line("left as it is; this shows what is left, and removes it: kmvm gc --yes --now");
    },
  );
  // The lease of a command that is gone tells `kmvm gc` and the next command that there is something to remove.
  let left = false;
  try {
    const outcome = await session(context, settings, configuration, { abandoned, json }, interrupt);
    left = outcome.left ?? false;
    return outcome.code;
  } catch (error) {
    left = leavesSomething(error);
    if (!interrupt.signal.aborted) throw error;
    terminal.warn(messageOf(error));
    return ExitCode.Interrupted;
  } finally {
    interrupt.dispose();
    if (!left) releaseLease(root, stackName);
  }
}
