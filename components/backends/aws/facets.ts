import { UserError } from "../../../lib/errors";
import type { Facets } from "../facets";
import { classifyError } from "./errors";
import { placement } from "./placement";
import type { AwsSettings } from "./settings";

/**
 * The verbs' powers over machines of one region of an account. Each part loads what it needs of the SDK when it is first
 * used.
 */
export function awsFacets(own: AwsSettings): Facets {
  return {
    inventory: { list: async () => (await import("./inventory")).listMachines(own) },
    power: {
      start: async (id) => (await import("./power")).startMachine(own, id),
      stop: async (id) => (await import("./power")).stopMachine(own, id),
      reset: (id) =>
        Promise.reject(
          new UserError(
            `${id} cannot be set back: EC2 keeps no copy of the disk of its first start`,
            "make a new one: kmvm vm delete, then kmvm vm up",
          ),
        ),
    },
    console: {
      // EC2 renews what it shows about once in so long, and each call counts against the account's rate.
      pollMs: 5000,
      text: async (id) => (await import("./power")).consoleText(own, id),
      interrupt: async (id) => (await import("./power")).interruptMachine(own, id),
    },
    destroyer: { destroy: async (id) => (await import("./remove")).removeMachine(own, id) },
    leftovers: {
      list: async () => (await import("./leftovers")).listRemains(own),
      remove: async (id) => (await import("./leftovers")).removeRemains(own, id),
    },
    explain: classifyError,
    placement,
    quota: { figures: async (settings) => (await import("./quota")).quotaFigures(own, settings) },
    preflight: { check: async (settings) => (await import("./preflight")).check(own, settings) },
    images: {
      list: async (name) => (await import("./image-versions")).listVersions(own, name),
      promote: async (name, version) => (await import("./image-versions")).promoteVersion(own, name, version),
      remove: async (name, version) => (await import("./image-versions")).deleteVersion(own, name, version),
    },
  };
}
