import { randomBytes } from "node:crypto";
import { basename, resolve } from "node:path";
import { InvalidArgumentError, Option, type Command } from "commander";
import { UserError } from "../lib/errors";
import { isRepositoryUrl } from "../lib/repository-url";
import { devices, targets } from "../lib/run-request";
import { profiles } from "../stacks/name";
import { defaultProfile } from "./chosen-backend";
import {
  isSettingKey,
  settingDefinitions,
  settingKeys,
  type SettingDefinition,
  type SettingKey,
} from "../stacks/setting-definitions";
import { backends, isolations, keepPolicies } from "../stacks/settings";
import { stackSubject, type Subject } from "../stacks/subject";

/** What the flags below give, by the names that commander makes of them. */
export interface SettingFlags {
  profile: string;
  id?: string;
  target?: string;
  device?: string;
  backend?: string;
  image?: string;
  imageVersion?: string;
  start?: string;
  isolate?: string;
  jobs?: string;
  ttl?: string;
  timeout?: string;
  keep?: string;
  branch?: string;
  kkmSource?: string;
  directory?: string[];
  size?: string;
  spot?: boolean;
  maxCost?: string;
  env?: Record<string, string>;
  set?: Record<string, string>;
}

/** Settings that have a flag of their own with one value, and how --help shows the flag. */
const direct = {
  target: ["--target <target>", `make target: ${targets.join(", ")}`],
  device: ["--device <device>", `hypervisor device: ${devices.join(", ")}`],
  backend: ["--backend <name>", `where the machine runs: ${backends.join(", ")}`],
  image: ["--image <name[@version]>", settingDefinitions.image.meaning],
  imageVersion: ["--image-version <tag>", settingDefinitions.imageVersion.meaning],
  start: ["--start <how>", "how the machine starts: auto, cold (boots), warm (a clone of a booted one)"],
  isolate: ["--isolate <what>", `what has a machine to itself: ${isolations.join(", ")}`],
  jobs: ["-j, --jobs <n>", settingDefinitions.jobs.meaning],
  ttl: ["--ttl <time>", settingDefinitions.ttl.meaning],
  timeout: ["--timeout <time>", settingDefinitions.timeout.meaning],
  keep: ["--keep <policy>", `keep the machine afterwards: ${keepPolicies.join(", ")}`],
  branch: ["--branch <name>", settingDefinitions.branch.meaning],
  kkmSource: ["--kkm-source <dir or url>", settingDefinitions.kkmSource.meaning],
  size: ["--size <name>", settingDefinitions.size.meaning],
  spot: ["--spot", settingDefinitions.spot.meaning],
  maxCostUsd: ["--max-cost <usd>", settingDefinitions.maxCostUsd.meaning],
} as const satisfies Partial<Record<SettingKey, readonly [string, string]>>;
type DirectKey = keyof typeof direct;

/** Flags of settings of the machine itself: every verb that makes one has them. */
export const machineFlags = [
  "backend",
  "image",
  "start",
  "ttl",
  "size",
  "spot",
  "maxCostUsd",
] as const satisfies readonly DirectKey[];
/** Flags of settings of a run. */
export const runFlags = [
  "target",
  "device",
  "imageVersion",
  "timeout",
  "keep",
  "isolate",
  "jobs",
  "branch",
  "kkmSource",
] as const satisfies readonly DirectKey[];

const definitionOf = (key: SettingKey): SettingDefinition => settingDefinitions[key];

/** For --help of every verb that takes `--set`. */
export const settingsHelp = `Settings for --set: ${settingKeys.filter((key) => !definitionOf(key).secret).join(", ")}.`;

export function keyValue(what: string) {
  return (text: string, all: Record<string, string> = {}): Record<string, string> => {
    const at = text.indexOf("=");
    if (at < 1) throw new InvalidArgumentError(`${what} is written NAME=VALUE`);
    return { ...all, [text.slice(0, at)]: text.slice(at + 1) };
  };
}

export const collect = (value: string, all: string[] = []): string[] => [...all, value];

/**
 * Adds --profile, --id, the flags of `keys`, and --set.
 * @param kind first part of the stack's name, for --help
 * @param idOrigin where the id comes from when it is not given, for --help
 */
export function addSettingFlags(command: Command, kind: string, idOrigin: string, keys: readonly DirectKey[]): Command {
  command
    .option("--profile <name>", `settings to start from: ${profiles.join(", ")}`, defaultProfile())
    .option("--id <id>", `names the stack ${kind}-<profile>-<id> (default: ${idOrigin})`);
  for (const key of keys) {
    const [flag, meaning] = direct[key];
    command.option(flag, meaning);
  }
  return command.option("--set <KEY=VALUE>", "any other setting; can be given several times", keyValue("a setting"));
}

/** A name that says what it is for, and that nothing else has. */
export function newId(about: string): string {
  const name = basename(resolve(about))
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 20);
  return [name, randomBytes(2).toString("hex")].filter(Boolean).join("-");
}

/** Paths on the command line are relative to where the user is, not to the checkout. */
const resolveDirectory = (source: string) => (isRepositoryUrl(source) ? source : resolve(source));

/** Arguments are seen by everybody on this host, and the configuration that they become is written in clear. */
function refuseSecrets(set: Readonly<Record<string, string>>): void {
  const key = Object.keys(set)
    .filter(isSettingKey)
    .find((one) => definitionOf(one).secret);
  if (key === undefined) return;
  const { variable } = definitionOf(key);
  throw new UserError(
    `${key} is a secret, which --set would show to everybody on this host`,
    `${variable === undefined ? "" : `set the environment variable ${variable}, or `}scripts/pulumi config set -s STACK --secret kmvm:${key}`,
  );
}

/** Name that commander gives the value of a setting's flag. */
const nameOf = (key: DirectKey) => new Option(direct[key][0]).attributeName() as keyof SettingFlags;

/**
 * The stack's configuration that the flags ask for.
 * @throws UserError for a secret among them
 */
export function configurationOf(flags: SettingFlags): Record<string, unknown> {
  refuseSecrets(flags.set ?? {});
  const given = (Object.keys(direct) as DirectKey[]).map((key) => [key, flags[nameOf(key)]] as const);
  const configuration: Record<string, unknown> = {
    ...Object.fromEntries(given.filter(([, value]) => value !== undefined)),
    ...(flags.directory ? { directories: flags.directory } : {}),
    ...(flags.env ? { environment: flags.env } : {}),
    ...flags.set,
  };
  for (const key of ["source", "kkmSource"] as const) {
    const source = configuration[key];
    if (typeof source === "string") configuration[key] = resolveDirectory(source);
  }
  return configuration;
}

/**
 * The settings of a stack, for a command with the flags of these settings: whatever is wrong with them, a flag mends.
 * @param keys as for `addSettingFlags`
 */
export function flagSubject(stack: string, keys: readonly DirectKey[]): Subject {
  return {
    ...stackSubject({ full: stack }),
    give(key) {
      const flag = keys.find((one) => one === key);
      if (flag) return `give another ${new Option(direct[flag][0]).long}`;
      const { secret, variable }: Partial<SettingDefinition> = isSettingKey(key) ? definitionOf(key) : {};
      return secret && variable !== undefined ? `set the environment variable ${variable}` : `give --set ${key}=…`;
    },
  };
}
