import type { Stack } from "@pulumi/pulumi/automation";
import { ExitCode, messageOf, UserError } from "../lib/errors";
import { exitCodeOf, type RunResult } from "../lib/run-result";
import type { KeepPolicy, Settings } from "../stacks/settings";
import type { CliContext } from "./context";
import { engineView } from "./engine-view";
import { followNextLog, readResult, requestCancel, withdrawCancel } from "./evidence";
import { handleInterrupts, type Interrupt } from "./interrupt";
import { prepareStack } from "./kept-stack";
import { releaseLease, takeLease } from "./lease";
import { linePrinter } from "./line-printer";
import { showEngineFailure, showKept, showResult } from "./report";
import { destroyStack } from "./stack-life";
import { machinesOf } from "./stack-machines";
import { checkedSettings } from "./stack-settings";
import { openEngine, readConfiguration, type Engine } from "./workspace";

const removeByHand = "this shows what is left, and removes it: kmvm gc --yes --now";

/** Whether the machine stays when the run has ended. No result at all is a failure, too. */
const keeps: Record<KeepPolicy, (result: RunResult | undefined) => boolean> = {
  never: () => false,
  "on-failure": (result) => result?.verdict !== "pass",
  always: () => true,
};

interface Update {
  /** Absent: the run did not get as far as a verdict. */
  readonly result: RunResult | undefined;
  /** What the engine and its plugins called errors. */
  readonly errors: readonly string[];
  readonly failure: unknown;
}

/** Updates the stack, which runs the tests, and shows their log. */
async function update(context: CliContext, stack: Stack, signal: AbortSignal): Promise<Update> {
  const view = engineView(context.terminal);
  const lines = linePrinter((line) => {
    context.terminal.line(line);
  });
  const log = followNextLog(context.root, stack.name, (chunk) => {
    lines.write(chunk);
  });
  let failure: unknown;
  try {
    await stack.up({ onEvent: view.onEvent, signal, suppressOutputs: true });
  } catch (error) {
    failure = error;
  }
  await log.finish();
  lines.end();
  const folder = log.folder();
  return { result: folder === undefined ? undefined : readResult(folder), errors: view.errors, failure };
}

interface Outcome {
  readonly code: ExitCode;
  /** Something is left that should not be. */
  readonly left?: true;
}

/** Removes the stack. A failure to do so never hides the verdict. */
async function removeStack(context: CliContext, stack: Stack, code: ExitCode): Promise<Outcome> {
  const started = Date.now();
  try {
    await destroyStack(context, stack);
  } catch (error) {
    context.terminal.warn(`could not be removed: ${messageOf(error)}\n${removeByHand}`);
    return { code: code === ExitCode.Pass ? ExitCode.NotCleanedUp : code, left: true };
  }
  context.terminal.step("removed", `everything, in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return { code };
}

async function session(
  context: CliContext,
  settings: Settings,
  configuration: Record<string, unknown>,
  abandoned: boolean,
  opening: Promise<Engine>,
  interrupt: Interrupt,
): Promise<Outcome> {
  const { terminal } = context;
  const { stack: name, directories, device, keep } = settings;
  terminal.line(`${terminal.colors.bold(name.full)}: ${directories.join(" ")} on ${device}`);
  const engine = await opening;
  const stack = await prepareStack(context, engine, settings, configuration, abandoned);
  const { result, errors, failure } = await update(context, stack, interrupt.signal);
  if (result) showResult(terminal, result);
  else if (!interrupt.signal.aborted) showEngineFailure(terminal, errors, failure);
  const withoutResult = interrupt.signal.aborted ? ExitCode.Interrupted : ExitCode.Infrastructure;
  const code = result ? exitCodeOf[result.verdict] : withoutResult;
  const [found] = await machinesOf(engine, name.full);
  if (!found || !keeps[keep](result)) return removeStack(context, stack, code);
  showKept(terminal, name, found.machine);
  return { code };
}

/**
 * `kmvm test`: makes or finds the machine, follows the run, reports, and removes or keeps the machine.
 * @param configuration what the flags ask for; it becomes the stack's own
 * @throws UserError for settings that are wrong and for a stack that is in use, before anything is created
 */
export async function runTest(
  context: CliContext,
  stackName: string,
  configuration: Record<string, unknown>,
): Promise<ExitCode> {
  const { terminal, root } = context;
  // Both take their time; what is wrong with the settings is told first.
  const opening = openEngine(context);
  opening.catch(() => undefined);
  const { settings } = await checkedSettings(context, stackName, {
    ...readConfiguration(root, stackName),
    ...configuration,
  });
  const abandoned = await takeLease(
    root,
    stackName,
    `kmvm test --profile ${settings.stack.profile} --id ${settings.stack.id}`,
  );
  const interrupt = handleInterrupts(
    () => {
      terminal.line("interrupted: collecting what there is; once more leaves at once");
      requestCancel(root, stackName);
    },
    () => {
      terminal.line(`left as it is: ${removeByHand}`);
    },
  );
  // The lease of a command that is gone tells `kmvm gc` and the next run that there is something to remove.
  let left = false;
  try {
    withdrawCancel(root, stackName);
    const outcome = await session(context, settings, configuration, abandoned !== undefined, opening, interrupt);
    left = outcome.left ?? false;
    return outcome.code;
  } catch (error) {
    left = !(error instanceof UserError);
    throw error;
  } finally {
    interrupt.dispose();
    withdrawCancel(root, stackName);
    if (!left) releaseLease(root, stackName);
  }
}
