import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { codeOf } from "../../lib/errors";
import { openContext, type CliContext } from "../context";
import { matchStack } from "../find-stack";
import { chosenRun, showConsole, showTestLog, stacksWithEvidence } from "../shown-log";
import { stackHelp } from "../stack-argument";
import { machinesToMatch } from "../stack-machines";

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

/** The machine's own console while there is one, else what a run brought home of it. */
async function consoleLog(context: CliContext, stack: string, flags: LogFlags): Promise<void> {
  const find = async () => (await machinesToMatch(context, stack)).find(({ machine }) => machine.stack === stack);
  const found = flags.run === undefined ? await find() : undefined;
  if (!found) {
    const text = await savedConsole(chosenRun(context.root, stack, flags.run));
    await showConsole(context, () => Promise.resolve({ text, more: false }), false);
    return;
  }
  const { facets, machine } = found;
  let last = "";
  const read = async () => {
    const now = await find();
    if (now?.machine.id === machine.id) last = await facets.console.text(machine.id);
    return { text: last, more: now?.machine.id === machine.id && now.machine.state === "running" };
  };
  await showConsole(context, read, flags.follow ?? false);
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
      const machines = (await machinesToMatch(context, given)).map(({ machine }) => machine);
      const stack = matchStack(given, stacksWithEvidence(context.root), machines);
      if (flags.console) await consoleLog(context, stack, flags);
      else await showTestLog(context, stack, chosenRun(context.root, stack, flags.run), flags.follow ?? false);
    });
}
