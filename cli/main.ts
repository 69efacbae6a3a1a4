import { constants } from "node:os";
import { Command, CommanderError } from "commander";
import { endOnCrash } from "../lib/crash";
import { ExitCode, UserError } from "../lib/errors";
import { cpCommand } from "./commands/cp";
import { doctorCommand } from "./commands/doctor";
import { execCommand } from "./commands/exec";
import { gcCommand } from "./commands/gc";
import { imageCommand } from "./commands/image";
import { logsCommand } from "./commands/logs";
import { lsCommand } from "./commands/ls";
import { quotaCommand } from "./commands/quota";
import { sshCommand } from "./commands/ssh";
import { testCommand } from "./commands/test";
import { vmCommand } from "./commands/vm";

/** Every verb, in the order of --help. */
const commands = [
  testCommand,
  vmCommand,
  lsCommand,
  sshCommand,
  execCommand,
  logsCommand,
  cpCommand,
  imageCommand,
  gcCommand,
  quotaCommand,
  doctorCommand,
];

/** Settings of a command reach those below it only where they were added after them. */
function inherit(parent: Command): void {
  for (const command of parent.commands) {
    command.copyInheritedSettings(parent);
    inherit(command);
  }
}

function program(): Command {
  const kmvm = new Command("kmvm")
    .description("Ephemeral VMs for testing hypervisor software.")
    .exitOverride()
    .showHelpAfterError("(kmvm --help shows how it is used)");
  for (const command of commands) kmvm.addCommand(command());
  inherit(kmvm);
  return kmvm;
}

/** Shows what went wrong and tells the exit code of it. */
function failed(error: unknown): ExitCode {
  // Commander has shown its message already; --help arrives here, too.
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.Pass : ExitCode.Usage;
  if (error instanceof UserError) {
    process.stderr.write(`kmvm: ${error.message}\n${error.hint ? `  ${error.hint}\n` : ""}`);
    return error.exitCode;
  }
  process.stderr.write(
    `kmvm: this is a bug in kmvm\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return ExitCode.Infrastructure;
}

// Nobody reads any more, as in `kmvm … | head`. Without these, each failed write is an error that the engine's library
// reports by another write, for as long as there is memory.
process.stderr.on("error", () => {
  // What is under way goes on to its end, clean-up included.
});
process.stdout.on("error", () => {
  // Data for nobody: as SIGPIPE would end it.
  process.exit(128 + constants.signals.SIGPIPE);
});

endOnCrash(failed);

program()
  .parseAsync()
  .catch((error: unknown) => {
    process.exitCode = failed(error);
  })
  // Connections that the engine's library keeps open must not keep the command alive.
  .finally(() => process.exit());
