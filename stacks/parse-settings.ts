import type { z } from "zod";
import type { Problem } from "../components/backends/backend";
import type { BackendConfigurations } from "../components/backends/registry";
import type { StackName } from "./name";
import { backendProblems, combinedProblems } from "./setting-combinations";
import {
  isSettingKey,
  settingDefinitions,
  settingKeys,
  type ParsedValues,
  type SettingDefinition,
  type SettingWithDefault,
} from "./setting-definitions";
import type { TracedProblem } from "./setting-problems";
import { layered, located, type Raw, type SettingSources } from "./setting-sources";
import { backends, type BackendName, type Settings } from "./settings";
import { hidden } from "./shown-settings";
import { stackSubject, type Subject } from "./subject";

/** A URL that is refused for the password or token in it must not show that in its problem. */
function withoutCredentials(value: unknown): unknown {
  return typeof value === "string" ? value.replace(/\/\/[^/?#]*@/g, `//${hidden}@`) : value;
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

function parseEach(raw: Map<string, Raw>, subject: Subject): { parsed: ParsedValues; problems: Problem[] } {
  const problems: Problem[] = [];
  const parsed = Object.fromEntries(
    settingKeys.map((key) => {
      const definition: SettingDefinition = settingDefinitions[key];
      const given = raw.get(key);
      const value = given?.value ?? definition.default;
      if (value === undefined) return [key, undefined];
      const result = definition.schema.safeParse(value);
      if (result.success) return [key, result.data];
      const shown = definition.secret ? hidden : withoutCredentials(value);
      problems.push({
        key,
        value: shown,
        allowed: `${definition.allowed}${whereWrong(result.error)}`,
        fix: fixFor(key, given?.from ?? "default", subject),
      });
      return [key, undefined];
    }),
  ) as ParsedValues;
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

type Complete = ParsedValues & { readonly [K in SettingWithDefault]: NonNullable<ParsedValues[K]> };

/** Whether nothing is wrong by itself of what every stack has, given or by default. */
const isComplete = (parsed: ParsedValues): parsed is Complete =>
  settingKeys.every((key) => !("default" in settingDefinitions[key]) || parsed[key] !== undefined);

/** Undefined where some that are needed are missing or wrong. */
function ownSettings(parsed: ParsedValues, backend: BackendName): BackendConfigurations | undefined {
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
  problems.push(...combinedProblems(parsed, stack, sources), ...backendProblems(parsed, raw, stack, subject));
  const origin = (key: string) => raw.get(key)?.from;
  if (!isComplete(parsed)) return { problems, origin };
  const own = ownSettings(parsed, parsed.backend);
  if (!own) return { problems, origin };
  const { registry, directories } = parsed;
  const settings: Settings = {
    stack,
    backend: parsed.backend,
    image: parsed.image,
    vcpus: parsed.vcpus,
    memoryMiB: parsed.memoryMiB,
    diskGiB: parsed.diskGiB,
    ttl: parsed.ttl,
    keep: parsed.keep,
    device: parsed.device,
    target: parsed.target,
    source: located(parsed.source, parsed.branch, sources.root),
    directories:
      parsed.location && directories.length === 1 && directories[0] === "." ? [parsed.location] : directories,
    imageVersion: parsed.imageVersion ?? `${stack.profile}-${stack.id}`,
    runtime: parsed.runtime,
    environment: parsed.environment,
    registry:
      registry === undefined
        ? undefined
        : {
            host: registry,
            username: parsed.registryUsername ?? "",
            password: parsed.registryPassword ?? "",
            insecure: parsed.registryInsecure,
          },
    kkmSource: parsed.kkmSource && located(parsed.kkmSource, parsed.kkmBranch, sources.root),
    githubToken: parsed.githubToken,
    limits: {
      boot: parsed.bootTimeout,
      run: parsed.timeout,
      hang: parsed.hangTimeout,
      logMiB: parsed.logMiB,
      artifactsMiB: parsed.artifactsMiB,
    },
    attempt: parsed.attempt,
    start: parsed.start,
    isolate: parsed.isolate,
    jobs: parsed.jobs,
    size: parsed.size,
    spot: parsed.spot,
    zone: parsed.zone,
    callerCidr: parsed.callerCidr,
    maxCostUsd: parsed.maxCostUsd,
    ...own,
  };
  return { settings: Object.freeze(settings), problems, origin };
}
