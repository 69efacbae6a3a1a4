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
export interface Place {
  readonly backend: BackendName;
  /** As the backend's schema gives it. */
  readonly configuration: unknown;
  /** Where it was found, for a person: `Pulumi.dev.yaml`. */
  readonly from: string;
}

/** What may hold settings of a backend. */
export interface PlaceSources {
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

/** Every place at which a backend's settings are given. */
function givenFor(backend: BackendName, { files, environment }: PlaceSources): Given[] {
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
 * Pure: a backend that needs no settings is always one place; any other is one for each configuration of it.
 * @returns also where settings of a backend are wrong
 */
export function placesIn(sources: PlaceSources): { places: Place[]; wrong: Omit<Place, "configuration">[] } {
  const places: Place[] = [];
  const wrong: Omit<Place, "configuration">[] = [];
  for (const backend of backends) {
    const { settings }: Registration = registry[backend];
    if (isAlwaysThere(backend)) {
      places.push({ backend, configuration: settings.parse({}), from: "default" });
      continue;
    }
    const seen = new Set<string>();
    for (const { from, value } of givenFor(backend, sources)) {
      const { success, data } = settingDefinitions[backend].schema.safeParse(value);
      if (!success) wrong.push({ backend, from });
      else if (!seen.has(JSON.stringify(data))) {
        seen.add(JSON.stringify(data));
        places.push({ backend, configuration: data, from });
      }
    }
  }
  return { places, wrong };
}

const settingsFile = /^Pulumi\.[a-z0-9-]+\.yaml$/;

function sourcesOf({ root, environment }: CliContext): PlaceSources {
  const names = existsSync(root) ? readdirSync(root).filter((name) => settingsFile.test(name)) : [];
  return {
    files: Object.fromEntries(names.sort().map((name) => [name, readFileSync(join(root, name), "utf8")])),
    environment,
  };
}

export interface OpenPlace extends Place {
  readonly facets: Facets;
}

/** A place that nothing can be said of, and why. */
export interface Unreachable {
  readonly backend: BackendName;
  /** Where its settings are. */
  readonly from: string;
  readonly why: string;
}

/** Places, and those that should have been among them. */
export interface OpenedPlaces {
  readonly places: readonly OpenPlace[];
  readonly unreachable: readonly Unreachable[];
}

/**
 * The configured places with the powers over them.
 * @param wanted only these backends. @default all
 */
export async function openPlaces(
  context: CliContext,
  wanted: readonly BackendName[] = backends,
): Promise<OpenedPlaces> {
  const { places, wrong } = placesIn(sourcesOf(context));
  const unreachable: Unreachable[] = wrong
    .filter(({ backend }) => wanted.includes(backend))
    .map((one) => ({ ...one, why: `its settings in ${one.from} are wrong` }));
  const opened = await Promise.all(
    places
      .filter(({ backend }) => wanted.includes(backend))
      .map(async (place): Promise<OpenPlace | undefined> => {
        try {
          return { ...place, facets: await loadFacets(place.backend, place.configuration) };
        } catch (error) {
          unreachable.push({ backend: place.backend, from: place.from, why: messageOf(error) });
          return undefined;
        }
      }),
  );
  return { places: opened.filter((one) => one !== undefined), unreachable };
}

/** Asks every place, all at once. One that does not answer is told, and is not the end. */
export async function askPlaces<T>(
  { places, unreachable }: OpenedPlaces,
  ask: (place: OpenPlace) => Promise<readonly T[]>,
): Promise<{ found: T[]; unreachable: Unreachable[] }> {
  const missing = [...unreachable];
  const answers = await Promise.all(
    places.map(async (place) => {
      try {
        return await ask(place);
      } catch (error) {
        missing.push({ backend: place.backend, from: place.from, why: messageOf(error) });
        return [];
      }
    }),
  );
  return { found: answers.flat(), unreachable: missing };
}

/** For a person. */
export const unreachableText = ({ backend, from, why }: Unreachable): string =>
  `backend ${backend}${from === "default" ? "" : ` (${from})`}: ${why}`;
