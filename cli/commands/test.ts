import { randomBytes } from "node:crypto";
import { basename, resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { devices, targets } from "../../lib/run-request";
import { settingDefinitions, isSettingKey } from "../../stacks/setting-definitions";
import { profiles } from "../../stacks/name";
import { backends, keepPolicies } from "../../stacks/settings";
import { openContext } from "../context";
import { locateSource } from "../source-location";
import { runTest } from "../test-session";

/** Flags that set a setting of the same name, or of the name beside them. */
interface TestFlags {
  target?: string;
  device?: string;
  backend?: string;
  profile: string;
  id?: string;
  image?: string;
  imageVersion?: string;
  ttl?: string;
  timeout?: string;
  keep?: string;
  branch?: string;
  kkmSource?: string;
  directory?: string[];
  env?: Record<string, string>;
  set?: Record<string, string>;
}

function keyValue(what: string) {
  return (text: string, all: Record<string, string> = {}): Record<string, string> => {
    const at = text.indexOf("=");
    if (at < 1) throw new InvalidArgumentError(`${what} is written NAME=VALUE`);
    return { ...all, [text.slice(0, at)]: text.slice(at + 1) };
  };
}

const collect = (value: string, all: string[] = []) => [...all, value];

/** A name that says what is tested, and that no other run has. */
function newId(directory: string): string {
  const name = basename(resolve(directory))
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 20);
  return [name, randomBytes(2).toString("hex")].filter(Boolean).join("-");
}

/** The stack's configuration that the flags ask for. */
function configurationOf(directory: string | undefined, flags: TestFlags): Record<string, unknown> {
  const direct = [
    "target",
    "device",
    "backend",
    "image",
    "imageVersion",
    "ttl",
    "timeout",
    "keep",
    "branch",
    "kkmSource",
  ] as const;
  const given = Object.fromEntries(direct.flatMap((key) => (flags[key] === undefined ? [] : [[key, flags[key]]])));
  return {
    ...(directory === undefined ? {} : locateSource(directory)),
    ...given,
    ...(flags.kkmSource === undefined ? {} : { kkmSource: resolveDirectory(flags.kkmSource) }),
    ...(flags.directory ? { directories: flags.directory } : {}),
    ...(flags.env ? { environment: flags.env } : {}),
    ...flags.set,
  };
}

/** Paths on the command line are relative to where the user is, not to the checkout. */
const resolveDirectory = (source: string) =>
  /^([a-z+]+:\/\/|[\w.-]+@[\w.-]+:)/.test(source) ? source : resolve(source);

export function testCommand(): Command {
  return new Command("test")
    .summary("run tests in a fresh machine")
    .description(
      "Makes a machine, runs the tests of DIR in it, brings the evidence home and removes the machine.\n" +
        "With the --id of a machine that was kept: runs again in that one.",
    )
    .argument(
      "[dir]",
      "directory whose makefile has the targets test, test-all, validate-runenv-image; or a repository's URL",
    )
    .option("--target <target>", `make target: ${targets.join(", ")}`)
    .option("--device <device>", `hypervisor device: ${devices.join(", ")}`)
    .option("--backend <name>", `where the machine runs: ${backends.join(", ")}`)
    .option("--profile <name>", `settings to start from: ${profiles.join(", ")}`, process.env["CI"] ? "ci" : "dev")
    .option("--id <id>", "names the stack test-<profile>-<id> (default: made from DIR)")
    .option("--image <name[@version]>", settingDefinitions.image.meaning)
    .option("--image-version <tag>", settingDefinitions.imageVersion.meaning)
    .option("--ttl <time>", settingDefinitions.ttl.meaning)
    .option("--timeout <time>", settingDefinitions.timeout.meaning)
    .option("--keep <policy>", `keep the machine afterwards: ${keepPolicies.join(", ")}`)
    .option("--branch <name>", settingDefinitions.branch.meaning)
    .option("--kkm-source <dir or url>", settingDefinitions.kkmSource.meaning)
    .option("--directory <path>", "where make runs inside the source; can be given several times", collect)
    .option("--env <NAME=VALUE>", "variable for make; can be given several times", keyValue("a variable"))
    .option("--set <KEY=VALUE>", "any other setting; can be given several times", keyValue("a setting"))
    .addHelpText(
      "after",
      `\nSettings for --set: ${Object.keys(settingDefinitions).filter(isSettingKey).join(", ")}.` +
        "\nExit: 0 pass, 1 tests failed, 2 usage or settings, 3 infrastructure, 4 not cleaned up, 130 interrupted." +
        "\n\nExamples:\n  kmvm test samples/km-hello\n  kmvm test ~/km/tests --device /dev/kkm --kkm-source ~/kkm --keep on-failure",
    )
    .action(async (directory: string | undefined, flags: TestFlags) => {
      const id = flags.id ?? newId(directory ?? "samples/km-hello");
      process.exitCode = await runTest(openContext(), `test-${flags.profile}-${id}`, configurationOf(directory, flags));
    });
}
