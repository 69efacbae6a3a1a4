import "./one-sdk.cjs";
import type { Backend } from "./backend";
import type { Facets } from "./facets";
import { registry, type BackendName, type Registration } from "./registry";

/** In the order in which verbs list them. */
export const backendNames = Object.keys(registry) as [BackendName, ...BackendName[]];

/** Whether a backend is there without any settings of its own: it is on this host. */
export function isAlwaysThere(name: BackendName): boolean {
  return registry[name].settings.safeParse({}).success;
}

export function loadBackend(name: BackendName): Promise<Backend> {
  return registry[name].backend();
}

/**
 * What the verbs need of a backend, without what programs need of it.
 * @param configuration the backend's own settings, as its schema gives them
 */
export function loadFacets(name: BackendName, configuration: unknown): Promise<Facets> {
  const { settings, facets }: Registration = registry[name];
  return facets(settings.parse(configuration));
}
