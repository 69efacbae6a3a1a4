import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { codeOf } from "../../lib/errors";
import { openContext, type CliContext } from "../context";
import { matchStack } from "../find-stack";
import { chosenRun, showConsole, showTestLog, stacksWithEvidence } from "../shown-log";
import { stackHelp } from "../stack-argument";
import { machinesToMatch, type FoundMachine } from "../stack-machines";

interface LogFlags {
  follow?: boolean;
  console?: boolean;
  run?: string;
}

async function savedConsole(folder: string): Promise<string> {
  try {
    return await readFile(join(folder, "console.log"), "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return "";
    throw error;
  }
}

/** The default of `Console.pollMs`. */
const usualPollMs = 5000;

/**
 * The machine's own console while there is one, else what a run brought home of it.
 * @param found the machine of the stack
 */
async function consoleLog(
  context: CliContext,
  stack: string,
  flags: LogFlags,
  found: FoundMachine | undefined,
): Promise<void> {
  const follow = flags.follow ?? false;
  if (!found || flags.run !== undefined) {
    const text = await savedConsole(chosenRun(context.root, stack, flags.run));
    await showConsole(context, { read: () => Promise.resolve({ text, more: false }), everyMs: 0 }, false);
    return;
  }
  const { facets, machine } = found;
  let last = "";
  const read = async () => {
    // Asked of its own backend alone, and first: what it wrote before it ended is then in what is read.
    const state = follow ? (await facets.inventory.list()).find(({ id }) => id === machine.id)?.state : machine.state;
    if (state !== undefined) last = await facets.console.text(machine.id);
    return { text: last, more: state === "running" };
  };
  await showConsole(context, { read, everyMs: facets.console.pollMs ?? usualPollMs }, follow);
}

export function logsCommand(): Command {
  return new Command("logs")
    .summary("show the log of a run, or a machine's console")
    .description(
      "Shows the log of the newest run of STACK, also when the machine is gone, or the console of its machine.\n" +
        "Control characters are shown as text; runs/<stack>/<n>/ has the bytes as they were.",
    )
    .argument("<stack>", stackHelp)
    .option("-f, --follow", "go on until the run ends")
    .option("--console", "what the machine wrote on its serial console")
    .option("--run <n>", "another run than the newest")
    .action(async (given: string, flags: LogFlags) => {
      const context = openContext();
      const found = await machinesToMatch(context, given);
      const machines = found.map(({ machine }) => machine);
      const stack = matchStack(given, stacksWithEvidence(context.root), machines);
      const own = found.find(({ machine }) => machine.stack === stack);
      if (flags.console) await consoleLog(context, stack, flags, own);
      else await showTestLog(context, stack, chosenRun(context.root, stack, flags.run), flags.follow ?? false);
    });
}
