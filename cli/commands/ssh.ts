import { Command } from "commander";
import { runOnTerminal, writeSshFiles } from "../ssh-access";
import { openNamedMachine, stackHelp } from "../stack-argument";

export function sshCommand(): Command {
  return new Command("ssh")
    .summary("log in to a machine")
    .description(
      "Logs in to the machine of STACK by the system's ssh: with the machine's own key, its host key verified, no agent.",
    )
    .argument("<stack>", stackHelp)
    .argument("[command...]", "run this instead of a shell; as with ssh, the machine's shell reads it")
    .addHelpText(
      "after",
      "\nExit: that of the command; 255 when there is no connection.\n\nExample:\n  kmvm ssh test-dev-1 -- 'dmesg | tail'",
    )
    .action(async (given: string, words: string[]) => {
      const { context, access } = await openNamedMachine(given);
      const { address, port, user } = access.target;
      const files = writeSshFiles(context.root, access.target, words.length === 0);
      try {
        const args = [
          ...files.options,
          "-p",
          String(port),
          `${user}@${address}`,
          ...(words.length > 0 ? ["--", ...words] : []),
        ];
        process.exitCode = await runOnTerminal("ssh", args);
      } finally {
        files.dispose();
      }
    });
}
