import { Command } from "commander";
import { openContext } from "../context";
import {
  addSettingFlags,
  collect,
  configurationOf,
  keyValue,
  machineFlags,
  newId,
  runFlags,
  settingsHelp,
  type SettingFlags,
} from "../setting-flags";
import { locateSource } from "../source-location";
import { runTest } from "../test-session";

export function testCommand(): Command {
  const command = new Command("test")
    .summary("run tests in a fresh machine")
    .description(
      "Makes a machine, runs the tests of DIR in it, brings the evidence home, and removes or keeps the machine as --keep\n" +
        "says (profile dev: kept when the run has failed).\n" +
        "With the --id of a machine that was kept: runs again in that one.",
    )
    .argument("[dir]", "directory whose makefile has the target; or a repository's URL (default: samples/km-hello)");
  return addSettingFlags(command, "test", "made from DIR", [...runFlags, ...machineFlags])
    .option("--directory <path>", "where make runs inside the source; can be given several times", collect)
    .option("--env <NAME=VALUE>", "variable for make; can be given several times", keyValue("a variable"))
    .addHelpText(
      "after",
      `\n${settingsHelp}` +
        "\nExit: 0 pass, 1 tests failed, 2 usage or settings, 3 infrastructure, 4 not cleaned up, 130 interrupted." +
        "\n\nExamples:\n  kmvm test samples/km-hello\n  kmvm test ~/km/tests --device /dev/kkm --kkm-source ~/kkm --keep on-failure",
    )
    .action(async (directory: string | undefined, flags: SettingFlags) => {
      const id = flags.id ?? newId(directory ?? "samples/km-hello");
      const configuration = {
        ...(directory === undefined ? {} : await locateSource(directory)),
        ...configurationOf(flags),
      };
      process.exitCode = await runTest(openContext(), `test-${flags.profile}-${id}`, configuration);
    });
}
