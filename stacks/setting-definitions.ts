import { z } from "zod";
import { registry, type BackendConfigurations, type BackendName } from "../components/backends/registry";
import { devices, targets } from "../lib/run-request";
import { starts } from "../lib/start-policy";
import { backends, isolations, keepPolicies } from "./settings";
import { duration, environment, integer, jsonText, list, source, text, treePath } from "./setting-values";

/** One setting: how it is written, what is allowed, and where else it may come from. */
export interface SettingDefinition {
  readonly schema: z.ZodType;
  /** Used where nothing else says anything; absent: the setting may be absent too. */
  readonly default?: unknown;
  /** Completes "allowed: …". */
  readonly allowed: string;
  /** Environment variable that is honoured, above the configuration. */
  readonly variable?: string;
  readonly secret?: true;
  /** One line for docs and --help. */
  readonly meaning: string;
}

const oneOf = <const T extends readonly [string, ...string[]]>(values: T) => ({
  schema: z.enum(values),
  allowed: values.join(", "),
});
const between = (from: number, to: number) => ({
  schema: integer(from, to),
  allowed: `a whole number from ${from} to ${to}`,
});
const time = (from: number, to: number) => ({
  schema: duration(from, to),
  allowed: `a time such as 90s, 30m or 2h (a bare number is seconds), from ${from} s to ${to} s`,
});
const aSource = {
  schema: source,
  allowed:
    "a directory of this host, or a repository's URL without a password or token in it: a token is given as GITHUB_TOKEN or githubToken",
};
const yesOrNo = {
  schema: z
    .enum(["true", "false"])
    .transform((text) => text === "true")
    .or(z.boolean()),
  allowed: "true or false",
};
const secret = { schema: z.string().min(1), allowed: "a text", secret: true } as const;

type OwnDefinitions = {
  readonly [K in BackendName]: SettingDefinition & {
    readonly schema: z.ZodType<NonNullable<BackendConfigurations[K]>>;
  };
};

/** `an object with region and, if wanted, zones`: the keys of a schema. */
function keysOf(schema: z.ZodObject): string {
  const needed = (key: string) => schema.shape[key] !== undefined && !z.safeParse(schema.shape[key], undefined).success;
  const keys = Object.keys(schema.shape);
  const [must, may] = [keys.filter(needed), keys.filter((key) => !needed(key))];
  return `an object with ${[must.join(", "), may.length > 0 && `if wanted ${may.join(", ")}`].filter(Boolean).join(", ")}`;
}

/** Each backend's own settings are under its name. */
function ownDefinitions(): OwnDefinitions {
  return Object.fromEntries(
    Object.entries(registry).map(([name, { settings }]): [string, SettingDefinition] => [
      name,
      {
        schema: jsonText(settings),
        // Where all of them have defaults, they are always there.
        ...(settings.safeParse({}).success ? { default: {} } : {}),
        allowed: keysOf(settings),
        variable: `KMVM_${name.toUpperCase()}`,
        meaning: `only for backend ${name}: ${keysOf(settings)}`,
      },
    ]),
  ) as OwnDefinitions;
}

/** All settings, by their key in the configuration (namespace kmvm). */
export const settingDefinitions = {
  backend: { ...oneOf(backends), default: "qemu", meaning: "where machines run" },
  image: {
    schema: text(/^[A-Za-z0-9][A-Za-z0-9._-]{0,40}(@[A-Za-z0-9._-]{1,60})?$/),
    allowed: "<name> (its promoted version) or <name>@<version>",
    default: "L0-base",
    meaning: "base image of the machine",
  },
  vcpus: { ...between(1, 64), default: 2, meaning: "virtual processors of the machine" },
  memoryMiB: { ...between(512, 262144), default: 2048, meaning: "memory of the machine, MiB" },
  diskGiB: { ...between(4, 1024), default: 20, meaning: "disk of the machine, GiB; takes what is used" },
  start: {
    ...oneOf(starts),
    default: "auto",
    meaning: "how the machine starts: cold boots it, warm clones a booted one, auto clones where that is possible",
  },
  ttl: {
    ...time(20, 7 * 24 * 3600),
    default: "4h",
    meaning: "after this long the machine is gone, whatever else happens",
  },
  keep: { ...oneOf(keepPolicies), default: "never", meaning: "whether `kmvm test` keeps the machine when it ends" },
  device: {
    ...oneOf(devices),
    default: "/dev/kvm",
    variable: "HYPERVISOR_DEVICE",
    meaning: "hypervisor device of the tests",
  },
  target: { ...oneOf(targets), default: "test", variable: "TARGET", meaning: "make target of the tests" },
  source: { ...aSource, default: "samples/km-hello", meaning: "source tree that is brought into the machine" },
  branch: {
    schema: text(/^(?!-)[A-Za-z0-9._/+-]{1,200}$/),
    allowed: "a branch or tag name",
    variable: "SRC_BRANCH",
    meaning: "branch of the source, where it is a repository",
  },
  directories: {
    schema: list(treePath),
    allowed: "1 to 64 relative paths inside the source, separated by spaces; no ..",
    default: ["."],
    variable: "PACKER_DIR",
    meaning: "where make runs, in this order, inside the source",
  },
  isolate: {
    ...oneOf(isolations),
    default: "run",
    meaning:
      "what has a machine to itself: run, all directories one after the other; directory, each a clone of one that was set up",
  },
  jobs: {
    ...between(1, 64),
    meaning: "with isolate directory: how many run side by side; default by memory and processors",
  },
  location: {
    schema: treePath,
    allowed: "a relative path inside the source; no ..",
    variable: "LOCATION",
    meaning: "where make runs, if directories says nothing",
  },
  imageVersion: {
    schema: text(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/),
    allowed: "a container tag: letters, digits, _ . -",
    variable: "IMAGE_VERSION",
    meaning: "tag of the testenv and runenv images, not of the base image; default <profile>-<id> of the stack",
  },
  runtime: {
    schema: text(/^[A-Za-z0-9._/+-]+$/),
    allowed: "a path or name of an OCI runtime",
    variable: "RUNTIME",
    meaning: "OCI runtime for validate-runenv-image",
  },
  environment: {
    schema: environment,
    allowed: "an object of NAME: value, one line each",
    default: {},
    meaning: "variables for make",
  },
  registry: {
    schema: text(/^[A-Za-z0-9.-]+(:\d{1,5})?$/),
    allowed: "a host, or host:port",
    meaning: "container registry of the testenv and runenv images",
  },
  registryUsername: {
    schema: text(/^[^\0\n\r]+$/),
    allowed: "a text",
    variable: "SP_APPID",
    meaning: "user of the registry",
  },
  registryPassword: { ...secret, variable: "SP_PASSWORD", meaning: "password of the registry's user" },
  registryInsecure: {
    ...yesOrNo,
    default: false,
    meaning: "whether the registry may be spoken to without TLS: one on this host, for tests",
  },
  registryTenant: {
    schema: text(/^[A-Za-z0-9.-]+$/),
    allowed: "a tenant id",
    variable: "SP_TENANT",
    meaning: "tenant of the registry's user; checked, not needed by the registry",
  },
  kkmSource: { ...aSource, meaning: "source of the kkm module; needed for tests on /dev/kkm" },
  kkmBranch: {
    schema: text(/^(?!-)[A-Za-z0-9._/+-]{1,200}$/),
    allowed: "a branch or tag name",
    meaning: "branch of kkmSource, where it is a repository",
  },
  githubToken: { ...secret, variable: "GITHUB_TOKEN", meaning: "to fetch private source, on this host only" },
  bootTimeout: { ...time(10, 3600), default: "5m", meaning: "start of the machine to its first ssh" },
  timeout: { ...time(5, 24 * 3600), default: "30m", meaning: "all steps of a run in the machine" },
  hangTimeout: { ...time(5, 3600), default: "120s", meaning: "no sign of life from the machine" },
  logMiB: { ...between(1, 102400), default: 1024, meaning: "log that is brought home at most" },
  artifactsMiB: { ...between(1, 102400), default: 512, meaning: "artifacts that are brought home at most" },
  attempt: { ...between(1, 1_000_000), default: 1, meaning: "another number runs the tests again" },
  size: {
    schema: text(/^[A-Za-z0-9][A-Za-z0-9._-]{1,62}$/),
    allowed: "an instance type or VM size of the provider",
    meaning: "size of a cloud machine; default chosen by device, vcpus and memoryMiB",
  },
  spot: {
    ...yesOrNo,
    default: false,
    meaning: "a cheaper cloud machine, which the provider may take away at any time",
  },
  zone: {
    schema: text(/^[a-z0-9][a-z0-9-]{0,30}$/),
    allowed: "an availability zone of the provider",
    meaning: "zone of a cloud machine; default one that the provider chooses",
  },
  callerCidr: {
    schema: z.cidrv4().regex(/^[1-9].*\/32$/),
    allowed: "one IPv4 address, as 192.0.2.1/32",
    meaning: "the only address that may log in to a cloud machine; default this host's own, looked up",
  },
  maxCostUsd: {
    schema: z.coerce.number().positive().max(100_000),
    allowed: "a number of dollars",
    meaning: "what a run may cost by the estimate before it; above that nothing is made",
  },
  ...ownDefinitions(),
} as const satisfies Record<string, SettingDefinition>;

export type SettingKey = keyof typeof settingDefinitions;

export const settingKeys = Object.keys(settingDefinitions) as SettingKey[];

export function isSettingKey(key: string): key is SettingKey {
  return key in settingDefinitions;
}

/** Settings that are always there. */
export type SettingWithDefault = {
  [K in SettingKey]: (typeof settingDefinitions)[K] extends { readonly default: unknown } ? K : never;
}[SettingKey];

/** What each setting was read as; undefined: not given and without a default, or not right. */
export type ParsedValues = {
  readonly [K in SettingKey]: z.output<(typeof settingDefinitions)[K]["schema"]> | undefined;
};
