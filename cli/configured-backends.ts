import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse as parseYaml } from "yaml";
import { z } from "zod";
import { isAlwaysThere, loadFacets } from "../components/backends/load";
import { registry, type Registration } from "../components/backends/registry";
import type { Facets } from "../components/backends/facets";
import { messageOf } from "../lib/errors";
import { settingDefinitions } from "../stacks/setting-definitions";
import { backends, type BackendName } from "../stacks/settings";
import type { CliContext } from "./context";

/** Somewhere that machines of ours can be: a backend with one configuration of its own. */
export interface ConfiguredBackend {
  readonly backend: BackendName;
  /** As the backend's schema gives it. */
  readonly configuration: unknown;
  /** Where it was found, for a person: `Pulumi.dev.yaml`. */
  readonly from: string;
}

/** What may hold settings of a backend. */
export interface BackendSources {
  /** Name -> text, of profiles and of stacks' configurations. */
  readonly files: Readonly<Record<string, string>>;
  readonly environment: NodeJS.ProcessEnv;
}

interface Given {
  readonly from: string;
  readonly value: unknown;
}

function configurationIn(text: string): Record<string, unknown> {
  try {
    return z.object({ config: z.record(z.string(), z.unknown()) }).parse(parseYaml(text)).config;
  } catch {
    // Not ours, or not whole: whoever uses the stack is told.
    return {};
  }
}

/** Wherever a backend's settings are given. */
function givenFor(backend: BackendName, { files, environment }: BackendSources): Given[] {
  const variable = settingDefinitions[backend].variable ?? "";
  const value = environment[variable];
  return [
    ...Object.entries(files)
      // Most say nothing of it, and reading each as YAML takes its time.
      .filter(([, text]) => text.includes(`kmvm:${backend}`))
      .map(([from, text]) => ({ from, value: configurationIn(text)[`kmvm:${backend}`] })),
    { from: `environment variable ${variable}`, value: value === "" ? undefined : value },
  ].filter((given) => given.value !== undefined);
}

/**
 * Pure: a backend that needs no settings is always there, once; any other once for each configuration of it.
 * @returns also where settings of a backend are wrong
 */
export function configuredBackendsIn(sources: BackendSources): {
  configured: ConfiguredBackend[];
  wrong: Omit<ConfiguredBackend, "configuration">[];
} {
  const configured: ConfiguredBackend[] = [];
  const wrong: Omit<ConfiguredBackend, "configuration">[] = [];
  for (const backend of backends) {
    const { settings }: Registration = registry[backend];
    if (isAlwaysThere(backend)) {
      configured.push({ backend, configuration: settings.parse({}), from: "default" });
      continue;
    }
    const seen = new Set<string>();
    for (const { from, value } of givenFor(backend, sources)) {
      const { success, data } = settingDefinitions[backend].schema.safeParse(value);
      if (!success) wrong.push({ backend, from });
      else if (!seen.has(JSON.stringify(data))) {
        seen.add(JSON.stringify(data));
        configured.push({ backend, configuration: data, from });
      }
    }
  }
  return { configured, wrong };
}

const settingsFile = /^Pulumi\.[a-z0-9-]+\.yaml$/;

function sourcesOf({ root, environment }: CliContext): BackendSources {
  const names = existsSync(root) ? readdirSync(root).filter((name) => settingsFile.test(name)) : [];
  return {
    files: Object.fromEntries(names.sort().map((name) => [name, readFileSync(join(root, name), "utf8")])),
    environment,
  };
}

export interface OpenBackend extends ConfiguredBackend {
  readonly facets: Facets;
}

/** A backend of which nothing can be said, and why. */
export interface Unreachable {
  readonly backend: BackendName;
  /** Where its settings are. */
  readonly from: string;
  readonly why: string;
}

/** Backends that can be asked, and those that should have been among them. */
export interface OpenedBackends {
  readonly open: readonly OpenBackend[];
  readonly unreachable: readonly Unreachable[];
}

/**
 * The configured backends with the powers over their machines.
 * @param wanted only these backends. @default all
 */
export async function openBackends(
  context: CliContext,
  wanted: readonly BackendName[] = backends,
): Promise<OpenedBackends> {
  const { configured, wrong } = configuredBackendsIn(sourcesOf(context));
  const unreachable: Unreachable[] = wrong
    .filter(({ backend }) => wanted.includes(backend))
    .map((one) => ({ ...one, why: `its settings in ${one.from} are wrong` }));
  const opened = await Promise.all(
    configured
      .filter(({ backend }) => wanted.includes(backend))
      .map(async (one): Promise<OpenBackend | undefined> => {
        try {
          return { ...one, facets: await loadFacets(one.backend, one.configuration) };
        } catch (error) {
          unreachable.push({ backend: one.backend, from: one.from, why: messageOf(error) });
          return undefined;
        }
      }),
  );
  return { open: opened.filter((one) => one !== undefined), unreachable };
}

/** Asks every one, all at once. One that does not answer is told, and is not the end. */
export async function askBackends<T>(
  { open, unreachable }: OpenedBackends,
  ask: (one: OpenBackend) => Promise<readonly T[]>,
): Promise<{ found: T[]; unreachable: Unreachable[] }> {
  const missing = [...unreachable];
  const answers = await Promise.all(
    open.map(async (one) => {
      try {
        return await ask(one);
      } catch (error) {
        missing.push({ backend: one.backend, from: one.from, why: messageOf(error) });
        return [];
      }
    }),
  );
  return { found: answers.flat(), unreachable: missing };
}

/** For a person. */
export const unreachableText = ({ backend, from, why }: Unreachable): string =>
  `backend ${backend}${from === "default" ? "" : ` (${from})`}: ${why}`;
