import { readdirSync } from "node:fs";
import { join } from "node:path";
import { consoleGrowth } from "../lib/console-text";
import { codeOf, messageOf, UserError } from "../lib/errors";
import { checkoutFolders } from "../lib/paths";
import { systemClock } from "../lib/retry";
import type { CliContext } from "./context";
import { latestRun, readFrom, readResult, runFolder } from "./evidence";
import { isHeld, readLease } from "./lease";
import { linePrinter, type LinePrinter } from "./line-printer";

/** Stacks that have evidence, whether they exist still or not. */
export function stacksWithEvidence(root: string): string[] {
  try {
    return readdirSync(checkoutFolders.runs(root));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  }
}

/** @throws UserError when there is no such run */
export function chosenRun(root: string, stack: string, run: string | undefined): string {
  const runs = stacksWithEvidence(root).includes(stack)
    ? readdirSync(join(checkoutFolders.runs(root), stack)).filter((name) => /^\d+$/.test(name))
    : [];
  const ordered = runs.sort((a, b) => Number(a) - Number(b));
  const chosen = run ?? latestRun(root, stack) ?? ordered.at(-1);
  if (chosen !== undefined && runs.includes(chosen)) return runFolder(root, stack, chosen);
  throw new UserError(
    run === undefined
      ? `${stack} has no run yet`
      : `${stack} has no run ${run}; it has ${ordered.join(", ") || "none"}`,
    `see what its machine says: kmvm logs ${stack} --console`,
  );
}

const pollMs = 100;
/** A run whose command is gone writes nothing more; one of the bare engine has no lease and may write again. */
const patienceMs = 60_000;

/** Whether a command of ours is at work on the stack. */
const isWorkedOn = (root: string, stack: string): boolean => {
  const lease = readLease(root, stack);
  return lease !== undefined && isHeld(lease);
};

/** Calls `poll` until it says that there is nothing more to come. */
async function whilePolling(poll: () => boolean | Promise<boolean>, everyMs = pollMs): Promise<void> {
  while (await poll()) await systemClock.sleep(everyMs);
}

/** Lines of a guest's output as a terminal may see them. */
function printer(context: CliContext): LinePrinter {
  return linePrinter((line) => {
    context.terminal.print(line);
  });
}

/** Shows the log of a run; with `follow` until the run has ended. */
export async function showTestLog(context: CliContext, stack: string, folder: string, follow: boolean): Promise<void> {
  const lines = printer(context);
  let offset = 0;
  let grewAt = Date.now();
  await whilePolling(() => {
    // Asked first: what was written before the end is then in what is read.
    const ended = readResult(folder) !== undefined;
    const before = offset;
    offset = readFrom(join(folder, "test.log"), offset, (chunk) => {
      lines.write(chunk);
    });
    if (offset > before) grewAt = Date.now();
    return follow && !ended && (isWorkedOn(context.root, stack) || Date.now() - grewAt < patienceMs);
  });
  lines.end();
}

/** A console that is read again and again. */
export interface ReadConsole {
  /** What there is of it, which can be its end only; and whether there may be more. */
  read(): Promise<{ readonly text: string; readonly more: boolean }>;
  /** How often it may be read, milliseconds. */
  readonly everyMs: number;
}

/**
 * Shows a console; with `follow` until the machine is gone or does not run.
 * @throws what the first reading throws; a later one that fails is a warning
 */
export async function showConsole(context: CliContext, { read, everyMs }: ReadConsole, follow: boolean): Promise<void> {
  const lines = printer(context);
  let known: string | undefined;
  let trouble = "";
  await whilePolling(async () => {
    try {
      const { text, more } = await read();
      const growth = consoleGrowth(known ?? "", text);
      known = growth.known;
      lines.write(Buffer.from(growth.text));
      return follow && more;
    } catch (error) {
      if (known === undefined) throw error;
      if (messageOf(error) !== trouble) context.terminal.warn(`the console could not be read: ${messageOf(error)}`);
      trouble = messageOf(error);
      return true;
    }
  }, everyMs);
  lines.end();
}
