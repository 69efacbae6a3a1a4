import { Command } from "commander";
import { UserError } from "../../lib/errors";
import { parseStackName } from "../../stacks/name";
import { openContext } from "../context";
import { NoSuchStack } from "../find-stack";
import { readLease } from "../lease";
import {
  addSettingFlags,
  configurationOf,
  machineFlags,
  newId,
  settingsHelp,
  type SettingFlags,
} from "../setting-flags";
import { openNamedStack, stackHelp, type NamedStack } from "../stack-argument";
import { vmDelete, vmReset, vmStart, vmStop } from "../vm-power";
import { vmUp } from "../vm-session";
import { openEngine } from "../workspace";

function upCommand(): Command {
  const command = new Command("up")
    .summary("make a machine, or start the one that is there")
    .description("Makes a machine for a person, waits until one can log in, and says how. It is gone after its ttl.");
  return addSettingFlags(command, "vm", "a new one", machineFlags)
    .option("--json", "print how to get in as JSON")
    .addHelpText("after", `\n${settingsHelp}\n\nExample:\n  kmvm vm up --id mine --ttl 2h --set memoryMiB=4096`)
    .action(async (flags: SettingFlags & { json?: boolean }) => {
      const name = `vm-${flags.profile}-${flags.id ?? newId("vm")}`;
      process.exitCode = await vmUp(openContext(), name, configurationOf(flags), flags.json ?? false);
    });
}

/** To remove it, a whole name does, also of what only a killed command remembers. */
async function openForRemoval(given: string): Promise<NamedStack> {
  try {
    return await openNamedStack(given);
  } catch (error) {
    if (!(error instanceof NoSuchStack)) throw error;
    const context = openContext();
    try {
      parseStackName(given);
    } catch (notAName) {
      if (notAName instanceof UserError && readLease(context.root, given) === undefined) throw error;
    }
    return { context, engine: openEngine(context), stack: given };
  }
}

export function vmCommand(): Command {
  const vm = new Command("vm").summary("make, start, stop, reset, delete machines");
  vm.addCommand(upCommand());
  vm.command("start")
    .summary("start a stopped machine again")
    .description("Starts the machine of STACK from its own disk and waits until one can log in.")
    .argument("<stack>", stackHelp)
    .action(async (given: string) => {
      await vmStart(await openNamedStack(given));
    });
  vm.command("stop")
    .summary("shut a machine down and keep its disk")
    .description("Shuts the machine of STACK down; its disk is kept until it expires.")
    .argument("<stack>", stackHelp)
    .action(async (given: string) => {
      await vmStop(await openNamedStack(given));
    });
  vm.command("reset")
    .summary("put a machine back to its fresh state")
    .description(
      "Throws away what the machine of STACK has written and changed since it was made, and starts it as it was then: " +
        "same name, keys and expiry. One that was cloned is cloned again, which takes about a second; any other boots. " +
        "Machines of this host only.",
    )
    .argument("<stack>", stackHelp)
    .action(async (given: string) => {
      await vmReset(await openNamedStack(given));
    });
  vm.command("delete")
    .summary("remove a machine with its stack")
    .description("Removes STACK and everything of it, of tests as well. Evidence of test runs stays.")
    .argument("<stack>", stackHelp)
    .action(async (given: string) => {
      process.exitCode = await vmDelete(await openForRemoval(given));
    });
  return vm;
}
