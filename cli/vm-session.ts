import type { Stack } from "@pulumi/pulumi/automation";
import { ExitCode, messageOf, UserError } from "../lib/errors";
import type { Settings } from "../stacks/settings";
import { flagsFirst, type CliContext } from "./context";
import { showEstimate } from "./cost";
import { showExplanation } from "./explain";
import { handleInterrupts, type Interrupt } from "./interrupt";
import { freshStack, remainsOf } from "./kept-stack";
import { releaseLease, takeLease } from "./lease";
import { accessTo, type MachineAccess } from "./machine-access";
import { showEngineFailure } from "./report";
import { showRefused, updateOnce, updateSomewhere } from "./somewhere";
import { destroyHalfMade, destroyStack } from "./stack-life";
import { wakeMachine } from "./stack-machines";
import { checkedSettings } from "./stack-settings";
import { waitUntilReady } from "./machine-ready";
import { openEngine, openStack, readConfiguration, type Engine } from "./workspace";

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

/** Updates the stack. What it made is removed when it fails: without keys in the state nobody gets into it. */
async function make(context: CliContext, engine: Engine, stack: Stack, signal: AbortSignal): Promise<ExitCode> {
  const update = () => updateOnce(context, stack, signal);
  const placed = await updateSomewhere(context, stack, signal, update);
  const { errors, failure } = placed.update;
  if (failure === undefined) return ExitCode.Pass;
  let code = ExitCode.Interrupted;
  if (!signal.aborted) {
    showEngineFailure(context.terminal, errors, failure, "the machine was not made");
    showRefused(context.terminal, placed.refused);
    code = await showExplanation(context.terminal, placed.settings, errors, failure);
  }
  await destroyHalfMade(context, engine, stack);
  return code;
}

async function prepare(
  context: CliContext,
  engine: Engine,
  settings: Settings,
  configuration: Record<string, unknown>,
  abandoned: boolean,
): Promise<Stack> {
  const name = settings.stack.full;
  const known = Object.keys(readConfiguration(context.root, name)).length > 0;
  if (known && !abandoned && (await wakeMachine(context, engine, name)))
    return openStack(context, engine, name, "select");
  const remains = await remainsOf(context, engine, name, abandoned);
  // Never empty, so that a later command knows the stack by its file.
  return freshStack(context, engine, name, { backend: settings.backend, ...configuration }, remains);
}

async function session(
  context: CliContext,
  settings: Settings,
  configuration: Record<string, unknown>,
  options: { abandoned: boolean; json: boolean },
  interrupt: Interrupt,
): Promise<ExitCode> {
  const { terminal } = context;
  const name = settings.stack.full;
  terminal.line(terminal.colors.bold(name));
  await showEstimate(context, settings);
  const engine = openEngine(context);
  const stack = await prepare(context, engine, settings, configuration, options.abandoned);
  const code = await make(context, engine, stack, interrupt.signal);
  if (code !== ExitCode.Pass) return code;
  const access = await accessTo(context, engine, name);
  terminal.status("waiting for ssh");
  try {
    await waitUntilReady(name, access.target, settings.limits.boot, interrupt.signal);
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    await destroyStack(context, stack);
    return ExitCode.Interrupted;
  }
  terminal.step("ready", `${access.id} at ${access.target.address}:${access.target.port}`);
  showAccess(context, name, access, options.json);
  return ExitCode.Pass;
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
  const { settings } = await checkedSettings(context, stackName, {
    ...readConfiguration(root, stackName),
    ...configuration,
  });
  const { profile, id } = settings.stack;
  const abandoned = (await takeLease(root, stackName, `kmvm vm up --profile ${profile} --id ${id}`)) !== undefined;
  const interrupt = handleInterrupts(
    () => {
      terminal.line("interrupted: removing what was made; once more leaves at once");
    },
    () => {
      terminal.line("left as it is; this shows what is left, and removes it: kmvm gc --yes --now");
    },
  );
  // The lease of a command that is gone tells `kmvm gc` and the next command that there is something to remove.
  let left = false;
  try {
    return await session(context, settings, configuration, { abandoned, json }, interrupt);
  } catch (error) {
    left = !(error instanceof UserError);
    if (interrupt.signal.aborted) {
      terminal.warn(messageOf(error));
      return ExitCode.Interrupted;
    }
    throw error;
  } finally {
    interrupt.dispose();
    if (!left) releaseLease(root, stackName);
  }
}
