import type { z } from "zod";
import { awsSettings } from "./aws/settings";
import { azureSettings } from "./azure/settings";
import type { Backend } from "./backend";
import type { Facets } from "./facets";
import { qemuSettings } from "./qemu/settings";

/** What is known of a backend without loading it. */
export interface Registration<S extends z.ZodObject = z.ZodObject> {
  /** Its own settings: a strict object. */
  readonly settings: S;
  readonly backend: () => Promise<Backend>;
  readonly facets: (configuration: z.output<S>) => Promise<Facets>;
}

/** One line of the table. */
export function entry<S extends z.ZodObject>(
  settings: S,
  backend: () => Promise<Backend>,
  facets: (configuration: z.output<S>) => Promise<Facets>,
): Registration<S> {
  return { settings, backend, facets };
}

/**
 * The only place that names every backend, one line each: its name, settings, programs' part and verbs' part. The parts
 * are loaded when they are used, so that no run loads another backend's SDK.
 */
// prettier-ignore
export const registry = {
  qemu: entry(qemuSettings, async () => (await import("./qemu/backend")).qemu, async () => (await import("./qemu/facets")).qemuFacets),
  aws: entry(awsSettings, async () => (await import("./aws/backend")).aws, async (own) => (await import("./aws/facets")).awsFacets(own)),
  azure: entry(azureSettings, async () => (await import("./azure/backend")).azure, async (own) => (await import("./azure/facets")).azureFacets(own)),
};

export type BackendName = keyof typeof registry;

type Schema<K extends BackendName> = (typeof registry)[K]["settings"];

/** The own settings of each backend; always there where each of them has a default. */
export type BackendConfigurations = {
  readonly [K in BackendName]: object extends z.input<Schema<K>>
    ? z.output<Schema<K>>
    : z.output<Schema<K>> | undefined;
};
