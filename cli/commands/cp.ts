import { Command } from "commander";
import { copy } from "../copy";
import { planCopy } from "../copy-plan";
import { openNamedMachine } from "../stack-argument";

export function cpCommand(): Command {
  return new Command("cp")
    .summary("copy files to or from a machine")
    .description(
      "Copies a file or a directory. One side is written STACK:PATH; PATH is relative to the home of the machine's user.\n" +
        "Nothing is written outside of <to>, whatever the machine sends; a directory that is there is not merged into.",
    )
    .argument("<from>", "path, or STACK:PATH")
    .argument("<to>", "path, or STACK:PATH")
    .addHelpText("after", "\nExample:\n  kmvm cp test-dev-1:/var/lib/kmvm/run/test.log .")
    .action(async (from: string, to: string) => {
      const plan = planCopy(from, to);
      const { context, access } = await openNamedMachine(plan.stack);
      process.exitCode = await copy(context.root, plan, access);
    });
}
