import { isAbsolute, join } from "node:path";
import { parse as parseYaml } from "yaml";
import type { Source } from "../lib/run-request";
import type { StackName } from "./name";
import { settingDefinitions, settingKeys, type SettingDefinition } from "./setting-definitions";
import type { Subject } from "./subject";

/** In place of a value that the engine keeps encrypted, and that only its program gets: it is given, and unknown. */
export const sealed = Symbol("a secret of the engine");

/** Configuration of a stack, namespace kmvm, keys without it. */
export type Configuration = Readonly<Record<string, string | typeof sealed>>;

/**
 * Where settings come from, low to high. The command line's flags are in `configuration`, and the variables of what they
 * give are not in `environment`.
 */
export interface SettingSources {
  /** Text of Pulumi.<profile>.yaml. */
  readonly profile: string;
  readonly configuration: Configuration;
  readonly environment: NodeJS.ProcessEnv;
  /** Relative paths are relative to it. */
  readonly root: string;
  /** Whether a directory of this host exists. */
  readonly isDirectory: (path: string) => boolean;
  /** @default the stack */
  readonly subject?: Subject;
}

/** A value that was given, not looked at yet, and who gave it. */
export interface Raw {
  readonly value: unknown;
  readonly from: string;
}

function profileConfiguration(text: string): Record<string, unknown> {
  const parsed = (parseYaml(text) ?? {}) as { config?: Record<string, unknown> };
  return Object.fromEntries(
    Object.entries(parsed.config ?? {})
      .filter(([key]) => key.startsWith("kmvm:"))
      .map(([key, value]) => [key.slice("kmvm:".length), value]),
  );
}

/** The value of each key that wins, and where it came from; sealed ones are no values. */
export function layered(stack: StackName, subject: Subject, sources: SettingSources): Map<string, Raw> {
  const raw = new Map<string, Raw>();
  const put = (from: string, values: Record<string, unknown>) => {
    for (const [key, value] of Object.entries(values)) raw.set(key, { value, from });
  };
  put(`Pulumi.${stack.profile}.yaml`, profileConfiguration(sources.profile));
  const open = Object.entries(sources.configuration).filter(([, value]) => value !== sealed);
  put(subject.configuration, Object.fromEntries(open));
  for (const key of settingKeys) {
    const { variable }: SettingDefinition = settingDefinitions[key];
    const value = variable && sources.environment[variable];
    if (value) raw.set(key, { value, from: `environment variable ${variable}` });
  }
  return raw;
}

/** A source whose path does not depend on where somebody stands. */
export function located(source: Source, branch: string | undefined, root: string): Source {
  if (source.kind === "repository") return branch === undefined ? source : { ...source, branch };
  return isAbsolute(source.path) ? source : { ...source, path: join(root, source.path) };
}
