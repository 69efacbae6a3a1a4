import type { TokenCredential } from "@azure/core-auth";
import type { HttpClient } from "@azure/core-rest-pipeline";
import type { Facets, Leftovers } from "../facets";
import type { AzureClients } from "./clients";
import { classifyAzure, told } from "./errors";
import { groupOf } from "./names";
import { placement } from "./placement";
import type { AzureSettings } from "./settings";

/** What facets work with: made at the first use, so that nothing of Azure is loaded before. */
export interface Connection {
  readonly clients: AzureClients;
  readonly credential: TokenCredential;
  /** How often the end of an operation is asked for where the answer does not say. @default that of each facet */
  readonly pollMs?: number;
  /** How disks are uploaded. @default as the SDK does */
  readonly httpClient?: HttpClient;
}

/** The usual chain: environment, OIDC, managed identity, az login. Nothing of it is stored. */
async function connect(own: AzureSettings): Promise<Connection> {
  const [{ DefaultAzureCredential }, { azureClients }] = await Promise.all([
    import("@azure/identity"),
    import("./clients"),
  ]);
  const credential = new DefaultAzureCredential();
  return { clients: azureClients(own, credential), credential };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

/** The verbs' powers over machines of a subscription, in the user's words when Azure refuses. */
export function facetsOver(own: AzureSettings, connection: () => Promise<Connection>): Facets {
  const power = async () => {
    const { clients, pollMs } = await connection();
    return (await import("./power")).power(clients, pollMs);
  };
  const removal = async () => {
    const { destroyer, leftovers } = await import("./removal");
    const { clients } = await connection();
    return { destroyer: destroyer(clients), groups: leftovers(clients), disks: await disks() };
  };
  /** Undefined: nothing was ever uploaded. */
  const disks = async (): Promise<Leftovers | undefined> => {
    if (!own.storageAccount) return undefined;
    const { clients, credential, httpClient } = await connection();
    const [{ spareDisks }, { containerUrl }] = await Promise.all([import("./spare-disks"), import("./publishing")]);
    const access = { credential, ...(httpClient ? { httpClient } : {}) };
    return spareDisks(clients, own, containerUrl(own.storageAccount), access);
  };
  const images = async () => {
    const { clients, pollMs } = await connection();
    return (await import("./images")).imageVersions(clients, own, {
      ...(pollMs === undefined ? {} : { pollMs }),
      ...(own.storageAccount
        ? { removeDisk: async (image, version) => (await publishing()).removeUpload(image, version) }
        : {}),
    });
  };
  const publishing = async () => {
    const { clients, credential, pollMs, httpClient } = await connection();
    const made = (await import("./publishing")).publishing;
    return made(clients, own, credential, {
      ...(pollMs === undefined ? {} : { pollMs }),
      ...(httpClient ? { httpClient } : {}),
    });
  };
  const at = `in subscription ${own.subscriptionId}`;
  return {
    inventory: {
      list: () =>
        told(`could not list the machines ${at}`, async () => {
          const { listMachines } = await import("./inventory");
          return listMachines((await connection()).clients);
        }),
    },
    power: {
      start: (id) => told(`could not start ${groupOf(id)}`, async () => (await power()).start(id)),
      stop: (id) => told(`could not stop ${groupOf(id)}`, async () => (await power()).stop(id)),
      reset: async (id) => (await power()).reset(id),
    },
    // Without an interrupt: it can be sent only by hand, in the portal's serial console, whose API connects and has no
    // call for it (learn.microsoft.com/troubleshoot/azure/virtual-machines/linux/serial-console-nmi-sysrq).
    console: {
      pollMs: 15_000,
      text: (id) =>
        told(`could not read the console of ${groupOf(id)}`, async () => {
          const { consoleOf } = await import("./console");
          return consoleOf((await connection()).clients).text(id);
        }),
    },
    destroyer: {
      destroy: (id) => told(`could not delete ${groupOf(id)}`, async () => (await removal()).destroyer.destroy(id)),
    },
    leftovers: {
      list: () =>
        told(`could not list what is left ${at}`, async () => {
          const { groups, disks } = await removal();
          return [...(await groups.list()), ...((await disks?.list()) ?? [])];
        }),
      remove: (id) =>
        told(`could not delete ${id}`, async () => {
          const { groups, disks } = await removal();
          await (id.startsWith("https://") ? disks : groups)?.remove(id);
        }),
    },
    explain: classifyAzure,
    placement,
    quota: {
      figures: (settings) =>
        told(`could not read the quota ${at}`, async () => {
          const { quota } = await import("./quota");
          return quota((await connection()).clients).figures(settings);
        }),
    },
    preflight: {
      async check(settings) {
        const { preflight } = await import("./preflight");
        const { clients, credential } = await connection();
        return preflight(clients, own, credential).check(settings);
      },
    },
    publishing: {
      upload: (disk, options) =>
        told(`could not upload ${disk.image}@${disk.version}`, async () => (await publishing()).upload(disk, options)),
      makeVersion: (version, options) =>
        told(`could not make ${version.image}@${version.version}`, async () =>
          (await publishing()).makeVersion(version, options),
        ),
      hasUpload: (image, version) =>
        told(`could not look for the disk of ${image}@${version}`, async () =>
          (await publishing()).hasUpload(image, version),
        ),
      removeUpload: (image, version) =>
        told(`could not remove the disk of ${image}@${version}`, async () =>
          (await publishing()).removeUpload(image, version),
        ),
      hasVersion: (image, version) =>
        told(`could not read ${image}@${version}`, async () => (await publishing()).hasVersion(image, version)),
    },
    images: {
      list: (name) => told(`could not list the versions of ${name}`, async () => (await images()).list(name)),
      promote: (name, version) =>
        told(`could not promote ${name}@${version}`, async () => (await images()).promote(name, version)),
      remove: (name, version) =>
        told(`could not remove ${name}@${version}`, async () => (await images()).remove(name, version)),
    },
  };
}

/** The verbs' powers over the machines of a subscription. */
export function azureFacets(own: AzureSettings): Facets {
  return facetsOver(
    own,
    once(() => connect(own)),
  );
}
