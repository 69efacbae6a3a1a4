import type { BackendName } from "../../stacks/settings";
import type { Backend, Facets } from "./backend";

/** The only place that names every backend. Each is loaded when it is used, so that no run loads another's SDK. */
const backends: Record<BackendName, () => Promise<Backend>> = {
  qemu: async () => (await import("./qemu/backend")).qemu,
};

export function loadBackend(name: BackendName): Promise<Backend> {
  return backends[name]();
}

/** What the verbs need of a backend, without what programs need of it. */
const facets: Record<BackendName, () => Promise<Facets>> = {
  qemu: async () => (await import("./qemu/facets")).qemuFacets,
};

export function loadFacets(name: BackendName): Promise<Facets> {
  return facets[name]();
}
