import { isAbsolute, join } from "node:path";
import { parse as parseYaml } from "yaml";
import type { z } from "zod";
import { UserError } from "../lib/errors";
import type { Problem } from "../components/backends/backend";
import type { BackendConfigurations } from "../components/backends/registry";
import type { Source } from "../lib/run-request";
import type { StackName } from "./name";
import {
  isSettingKey,
  settingDefinitions,
  settingKeys,
  type SettingDefinition,
  type SettingKey,
} from "./setting-definitions";
import { backends, type BackendName, type Settings } from "./settings";
import { stackSubject, type Subject } from "./subject";

/** Where settings come from, low to high; the command line's flags are in `configuration`. */
export interface SettingSources {
  /** Text of Pulumi.<profile>.yaml. */
  readonly profile: string;
  /** Configuration of the stack, namespace kmvm, keys without it. */
  readonly configuration: Readonly<Record<string, string>>;
  readonly environment: NodeJS.ProcessEnv;
  /** Relative paths are relative to it. */
  readonly root: string;
  /** Whether a directory of this host exists. */
  readonly isDirectory: (path: string) => boolean;
  /** @default the stack */
  readonly subject?: Subject;
}

type Raw = { value: unknown; from: string };
type Parsed = { [K in SettingKey]: z.output<(typeof settingDefinitions)[K]["schema"]> | undefined };

/** Shown instead of a secret value. */
const hidden = "[secret]";

function profileConfiguration(text: string): Record<string, unknown> {
  const parsed = (parseYaml(text) ?? {}) as { config?: Record<string, unknown> };
  return Object.fromEntries(
    Object.entries(parsed.config ?? {})
      .filter(([key]) => key.startsWith("kmvm:"))
      .map(([key, value]) => [key.slice("kmvm:".length), value]),
  );
}

/** The value of each key that wins, and where it came from. */
function layered(stack: StackName, subject: Subject, sources: SettingSources): Map<string, Raw> {
  const raw = new Map<string, Raw>();
  const put = (from: string, values: Record<string, unknown>) => {
    for (const [key, value] of Object.entries(values)) raw.set(key, { value, from });
  };
  put(`Pulumi.${stack.profile}.yaml`, profileConfiguration(sources.profile));
  put(subject.configuration, sources.configuration);
  for (const key of settingKeys) {
    const { variable }: SettingDefinition = settingDefinitions[key];
    const value = variable && sources.environment[variable];
    if (value) raw.set(key, { value, from: `environment variable ${variable}` });
  }
  return raw;
}

/** A URL that is refused for the password in it must not show that in its problem. */
function withoutPassword(value: unknown): unknown {
  return typeof value === "string" ? value.replace(/\/\/[^/@]*@/g, `//${hidden}@`) : value;
}

function fixFor(key: string, from: string, subject: Subject): string {
  if (from.startsWith("environment")) return `change or unset ${from}`;
  if (from.startsWith("Pulumi.")) return `mend kmvm:${key} in ${from}`;
  return subject.give(key);
}

/** Which keys of an object are wrong. */
function whereWrong({ issues }: z.ZodError): string {
  const keys = issues.flatMap(({ path, ...issue }) => [
    ...path.slice(0, 1).filter((key) => typeof key === "string"),
    ...(path.length === 0 && issue.code === "unrecognized_keys" ? issue.keys : []),
  ]);
  return keys.length > 0 ? `; what is wrong in it: ${[...new Set(keys)].join(", ")}` : "";
}

function parseEach(raw: Map<string, Raw>, subject: Subject): { parsed: Parsed; problems: Problem[] } {
  const problems: Problem[] = [];
  const parsed = Object.fromEntries(
    settingKeys.map((key) => {
      const definition: SettingDefinition = settingDefinitions[key];
      const given = raw.get(key);
      const value = given?.value ?? definition.default;
      if (value === undefined) return [key, undefined];
      const result = definition.schema.safeParse(value);
      if (result.success) return [key, result.data];
      const shown = definition.secret ? hidden : withoutPassword(value);
      problems.push({
        key,
        value: shown,
        allowed: `${definition.allowed}${whereWrong(result.error)}`,
        fix: fixFor(key, given?.from ?? "default", subject),
      });
      return [key, undefined];
    }),
  ) as Parsed;
  for (const [key, { value, from }] of raw) {
    if (isSettingKey(key)) continue;
    problems.push({
      key,
      value,
      allowed: `no such setting; there are ${settingKeys.join(", ")}`,
      fix: `remove kmvm:${key} from the ${from}`,
    });
  }
  return { parsed, problems };
}

function located(source: Source, branch: string | undefined, root: string): Source {
  if (source.kind === "repository") return branch === undefined ? source : { ...source, branch };
  return isAbsolute(source.path) ? source : { ...source, path: join(root, source.path) };
}

/** What no single setting can tell. Looks only at settings that are right by themselves. */
function combinedProblems(parsed: Parsed, sources: SettingSources): Problem[] {
  const problems: Problem[] = [];
  for (const key of ["source", "kkmSource"] as const) {
    const source = parsed[key] && located(parsed[key], undefined, sources.root);
    if (source?.kind === "directory" && !sources.isDirectory(source.path))
      problems.push({
        key,
        value: source.path,
        allowed: "a directory that exists",
        fix: "give another path, or make it",
      });
  }
  if (parsed.device === "/dev/kkm" && !parsed.kkmSource)
    problems.push({
      key: "kkmSource",
      value: undefined,
      allowed: "needed for /dev/kkm",
      fix: "give the directory or repository of the module",
    });
  const login = [parsed.registryUsername, parsed.registryPassword].filter((value) => value !== undefined).length;
  if (login === 1)
    problems.push({
      key: parsed.registryUsername ? "registryPassword" : "registryUsername",
      value: undefined,
      allowed: "user and password of the registry, or neither",
      fix: "give both (SP_APPID and SP_PASSWORD)",
    });
  if (parsed.registry === undefined && login === 2)
    problems.push({
      key: "registry",
      value: undefined,
      allowed: "needed with a user of it",
      fix: "give the registry's host",
    });
  return problems;
}

/**
 * A backend's own settings are there for it, and for it alone. A profile and the environment may hold those of several
 * backends; the configuration of a stack is about one machine.
 */
function backendProblems(parsed: Parsed, raw: Map<string, Raw>, stack: StackName, subject: Subject): Problem[] {
  return backends.flatMap((name): Problem[] => {
    const from = raw.get(name)?.from;
    if (name === parsed.backend && !parsed[name] && from === undefined)
      return [
        {
          key: name,
          value: undefined,
          allowed: `needed with backend ${name}: ${settingDefinitions[name].allowed}`,
          fix: `give kmvm:${name} in Pulumi.${stack.profile}.yaml, or ${subject.give(name)}`,
        },
      ];
    if (parsed.backend && name !== parsed.backend && parsed[name] && from === subject.configuration)
      return [
        {
          key: name,
          value: parsed[name],
          allowed: `only with backend ${name}; the backend is ${parsed.backend}`,
          fix: `pulumi config rm -s ${stack.full} kmvm:${name}`,
        },
      ];
    return [];
  });
}

/** A problem, and where the value comes from, where the problem itself does not say. */
export type TracedProblem = Problem & { readonly from?: string };

export function problemsError(problems: readonly TracedProblem[], { name, hint }: Subject): UserError {
  const lines = problems.map(({ key, value, allowed, fix, from }) => {
    const origin = from === undefined ? "" : ` (from ${from})`;
    const shown = value === undefined ? "is missing" : `is ${JSON.stringify(value)}${origin}`;
    return `  ${key} ${shown}; allowed: ${allowed}; to mend it: ${fix}`;
  });
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  return new UserError(`${count} with the settings of ${name}:\n${lines.join("\n")}`, hint);
}

/** Undefined where some that are needed are missing or wrong. */
function ownSettings(parsed: Parsed, backend: BackendName): BackendConfigurations | undefined {
  const missing = backends.some((name) => !parsed[name] && (name === backend || "default" in settingDefinitions[name]));
  if (missing) return undefined;
  return Object.fromEntries(backends.map((name) => [name, parsed[name]])) as BackendConfigurations;
}

export interface ParsedSettings {
  /** Absent where a value is not right by itself. */
  readonly settings?: Settings;
  /** Every one. */
  readonly problems: TracedProblem[];
  /** Where the value of a setting comes from; undefined: it is the default. */
  readonly origin: (key: string) => string | undefined;
}

/** Settings of a stack, from all their sources. */
export function parseSettings(stack: StackName, sources: SettingSources): ParsedSettings {
  const subject = sources.subject ?? stackSubject(stack);
  const raw = layered(stack, subject, sources);
  const { parsed, problems } = parseEach(raw, subject);
  problems.push(...combinedProblems(parsed, sources), ...backendProblems(parsed, raw, stack, subject));
  const origin = (key: string) => raw.get(key)?.from;
  const { backend, image, vcpus, memoryMiB, diskGiB, ttl, keep, device, target, source, directories, environment } =
    parsed;
  const {
    bootTimeout,
    timeout,
    hangTimeout,
    logMiB,
    artifactsMiB,
    attempt,
    start,
    isolate,
    registry,
    registryUsername,
    registryPassword,
  } = parsed;
  const complete =
    backend &&
    image &&
    vcpus &&
    memoryMiB &&
    diskGiB &&
    ttl &&
    keep &&
    device &&
    target &&
    source &&
    directories &&
    environment &&
    isolate;
  if (!complete || !bootTimeout || !timeout || !hangTimeout || !logMiB || !artifactsMiB || !attempt || !start)
    return { problems, origin };
  const own = ownSettings(parsed, backend);
  if (!own) return { problems, origin };
  const settings: Settings = {
    stack,
    backend,
    image,
    vcpus,
    memoryMiB,
    diskGiB,
    ttl,
    keep,
    device,
    target,
    source: located(source, parsed.branch, sources.root),
    directories:
      parsed.location && directories.length === 1 && directories[0] === "." ? [parsed.location] : directories,
    imageVersion: parsed.imageVersion ?? `${stack.profile}-${stack.id}`,
    runtime: parsed.runtime,
    environment,
    registry:
      registry === undefined
        ? undefined
        : {
            host: registry,
            username: registryUsername ?? "",
            password: registryPassword ?? "",
            insecure: parsed.registryInsecure === "true",
          },
    kkmSource: parsed.kkmSource && located(parsed.kkmSource, parsed.kkmBranch, sources.root),
    githubToken: parsed.githubToken,
    limits: { boot: bootTimeout, run: timeout, hang: hangTimeout, logMiB, artifactsMiB },
    attempt,
    start,
    isolate,
    jobs: parsed.jobs,
    size: parsed.size,
    spot: parsed.spot === "true",
    zone: parsed.zone,
    callerCidr: parsed.callerCidr,
    maxCostUsd: parsed.maxCostUsd,
    ...own,
  };
  return { settings: Object.freeze(settings), problems, origin };
}

/** Settings for the evidence: what was asked for, without any secret. */
export function shownSettings(settings: Settings): Record<string, unknown> {
  const { registry, githubToken, environment, ...rest } = settings;
  return {
    ...rest,
    // A value may be anything that make is told, a password too; the names are enough to see what was set.
    environment: Object.keys(environment),
    registry: registry && { ...registry, password: registry.password && hidden },
    githubToken: githubToken && hidden,
  };
}
