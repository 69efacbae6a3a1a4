import { ExitCode, messageOf } from "../lib/errors";
import { exitCodeOf, type RunResult } from "../lib/run-result";
import type { KeepPolicy, Settings } from "../stacks/settings";
import { flagsFirst, type CliContext } from "./context";
import { chargedFor, showActual, showEstimate } from "./cost";
import { followNextLog, readResult, requestCancel, withdrawCancel } from "./evidence";
import { showExplanation } from "./explain";
import { handleInterrupts, type Interrupt } from "./interrupt";
import { prepareStack } from "./kept-stack";
import { releaseLease, takeLease } from "./lease";
import { keepLastWords } from "./last-words";
import { linePrinter } from "./line-printer";
import { accessIn } from "./machine-access";
import { flagSubject, machineFlags, runFlags } from "./setting-flags";
import { causesIn, showEngineFailure, showKept, showResult } from "./report";
import { showRefused, updateOnce, updateSomewhere, type Update } from "./somewhere";
import { destroyHalfMade, destroyStack, leavesSomething, removeAtEnd, removeByHand, type Outcome } from "./stack-life";
import { machinesOf, type FoundMachine } from "./stack-machines";
import { readState } from "./stack-state";
import { checkedSettings } from "./stack-settings";
import { openEngine, readConfiguration, type Engine, type Stack } from "./workspace";

/** Whether the machine stays when the run has ended. No result at all is a failure, too. */
const keeps: Record<KeepPolicy, (result: RunResult | undefined) => boolean> = {
  never: () => false,
  "on-failure": (result) => result?.verdict !== "pass",
  always: () => true,
};

interface RunUpdate extends Update {
  /** Absent: the run did not get as far as a verdict. */
  readonly result: RunResult | undefined;
}

/** Updates the stack, which runs the tests, and shows their log. */
async function update(context: CliContext, stack: Stack, signal: AbortSignal): Promise<RunUpdate> {
  const lines = linePrinter((line) => {
    context.terminal.line(line);
  });
  const log = followNextLog(context.root, stack.name, (chunk) => {
    lines.write(chunk);
  });
  const update = await updateOnce(context, stack, signal);
  const troubles = await log.finish();
  lines.end();
  for (const trouble of troubles) context.terminal.warn(trouble);
  const folder = log.folder();
  return { ...update, result: folder === undefined ? undefined : readResult(folder) };
}

/** The machine after the run. That nobody tells is no reason to leave it to itself, nor to remove what is to be kept. */
async function machineLeft(
  context: CliContext,
  engine: Engine,
  stack: string,
): Promise<{ readonly found: FoundMachine | undefined; readonly isGone: boolean }> {
  try {
    const [found] = await machinesOf(context, engine, stack);
    return { found, isGone: found === undefined };
  } catch (error) {
    context.terminal.warn(messageOf(error));
    return { found: undefined, isGone: false };
  }
}

/** Whether the stack's machine is whole: of half a one nobody has the address, and nobody gets into it. */
async function isUsable(context: CliContext, engine: Engine, stack: string): Promise<boolean> {
  try {
    return accessIn(await readState(context, engine, stack, "shown")) !== undefined;
  } catch (error) {
    context.terminal.warn(messageOf(error));
    return true;
  }
}

async function session(
  context: CliContext,
  asked: Settings,
  configuration: Record<string, unknown>,
  abandoned: boolean,
  engine: Engine,
  interrupt: Interrupt,
): Promise<Outcome> {
  const { terminal } = context;
  const { stack: name, directories, device, keep } = asked;
  terminal.line(`${terminal.colors.bold(name.full)}: ${directories.join(" ")} on ${device}`);
  await showEstimate(context, asked);
  const stack = await prepareStack(context, engine, asked, configuration, abandoned);
  const { signal } = interrupt;
  const placed = await updateSomewhere(
    context,
    stack,
    signal,
    () => update(context, stack, signal),
    ({ result }) => result !== undefined,
  );
  const { update: last, settings, refused } = placed;
  const { result, errors, failure } = last;
  // What a machine has beside itself is made while the tests run already: its expiry, for one.
  const isIncomplete = result !== undefined && !signal.aborted && causesIn(errors).length > 0;
  let code = interrupt.signal.aborted ? ExitCode.Interrupted : ExitCode.Infrastructure;
  if (result) {
    showResult(terminal, result);
    code = exitCodeOf[result.verdict];
    if (isIncomplete) {
      showEngineFailure(terminal, errors, failure, "the tests ran, but not all of their machine could be made");
      if (code === ExitCode.Pass) code = ExitCode.Infrastructure;
    }
  } else if (!interrupt.signal.aborted) {
    showEngineFailure(terminal, errors, failure);
    showRefused(terminal, refused);
    code = await showExplanation(terminal, settings, errors, failure);
  }
  const { found, isGone } = await machineLeft(context, engine, name.full);
  const charged = await chargedFor(context, engine, settings, found?.machine);
  const isHalf = isIncomplete || (result === undefined && !(await isUsable(context, engine, name.full)));
  if (isGone || isHalf || !keeps[keep](result)) {
    if (found && result === undefined && !signal.aborted) await keepLastWords(context, name.full, found);
    const outcome = await removeAtEnd(context, code, () =>
      // A run that has ended, well or not, had a whole stack.
      result && !isIncomplete ? destroyStack(context, stack) : destroyHalfMade(context, engine, stack),
    );
    if (charged) showActual(context, charged, outcome.left ? "so far" : "cost");
    return outcome;
  }
  if (charged) showActual(context, charged, "so far");
  showKept(terminal, name, found?.machine);
  return { code };
}

/**
 * `kmvm test`: makes or finds the machine, follows the run, reports, and removes or keeps the machine.
 * @param configuration what the flags ask for; it becomes the stack's own
 * @throws UserError for settings that are wrong and for a stack that is in use, before anything is created
 */
export async function runTest(
  asked: CliContext,
  stackName: string,
  configuration: Record<string, unknown>,
): Promise<ExitCode> {
  const context = flagsFirst(asked, configuration);
  const { terminal, root } = context;
  const wanted = { ...readConfiguration(root, stackName), ...configuration };
  const subject = flagSubject(stackName, [...runFlags, ...machineFlags]);
  const { settings } = await checkedSettings(context, stackName, wanted, subject);
  const engine = openEngine(context);
  const abandoned = await takeLease(root, stackName, {
    command: `kmvm test --profile ${settings.stack.profile} --id ${settings.stack.id}`,
  });
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
    const outcome = await session(context, settings, configuration, abandoned !== undefined, engine, interrupt);
    left = outcome.left ?? false;
    return outcome.code;
  } catch (error) {
    left = leavesSomething(error);
    if (!interrupt.signal.aborted) throw error;
    terminal.warn(messageOf(error));
    return ExitCode.Interrupted;
  } finally {
    interrupt.dispose();
    withdrawCancel(root, stackName);
    if (!left) releaseLease(root, stackName);
  }
}
