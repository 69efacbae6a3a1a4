import { Command } from "commander";
import { quoteForShell, runOnTerminal, writeSshFiles } from "../ssh-access";
import { openNamedMachine, stackHelp } from "../stack-argument";

export function execCommand(): Command {
  return new Command("exec")
    .summary("run one command in a machine")
    .description(
      "Runs one command in the machine of STACK, with its arguments as they are: no shell reads them.\n" +
        "Standard input goes to it; it has a terminal when both input and output here are one.",
    )
    .argument("<stack>", stackHelp)
    .argument("<command...>", "the command and its arguments, after --")
    .addHelpText(
      "after",
      "\nExit: that of the command; 255 when there is no connection.\n\nExample, the tests once more:\n  kmvm exec test-dev-1 -- km-test",
    )
    .action(async (given: string, words: string[]) => {
      const { context, access } = await openNamedMachine(given);
      const { address, port, user } = access.target;
      const terminal = process.stdin.isTTY && process.stdout.isTTY ? ["-t"] : ["-T"];
      const files = writeSshFiles(context.root, access.target, false);
      try {
        const place = [...terminal, "-p", String(port), `${user}@${address}`];
        const command = words.map(quoteForShell).join(" ");
        process.exitCode = await runOnTerminal("ssh", [...files.options, ...place, "--", command]);
      } finally {
        files.dispose();
      }
    });
}
