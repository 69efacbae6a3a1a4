import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { galleryVersion } from "../../../components/backends/azure/names";
import { folderOf, galleryId, givenGroup, groupId, groupType, listResources } from "../azure/subscription";
import { expiryIdentityId, location, openSubscription, putResource, type Subscription } from "../azure/subscription";
import { machineType } from "../azure/machine-power";
import { giveDisk } from "../azure/version-disk";
import { identityType } from "../fake-arm/subscription";
import { imageType, versionType } from "../fake-arm/galleries";
import { bundle } from "../lib/bundle";
import { endMachines, type Disk } from "../lib/machine/control";
import { imageName } from "./local-image";
import { installPlugin } from "./plugin-home";

/** A played subscription, and the plugin that plays the provider. */
export interface AzureRehearsal {
  readonly subscription: Subscription;
  /** Installs the plugin as `azure-native` of the SDK's version. @param pulumiHome a throw-away PULUMI_HOME */
  install(pulumiHome: string): void;
  /** Puts a version of the image there, as if it had been published. @returns its id */
  giveImage(disk: Disk, sizeGiB: number, version: string, stage: "promoted" | "candidate"): string;
  /** Ends every machine, and removes the subscription. */
  close(): Promise<void>;
}

export const imageId = `${galleryId}/images/${imageName}`;

/** What a person with a subscription has set up once; docs/azure.md has the commands. */
function setUpOnce(subscription: Subscription): void {
  const put = (id: string, type: string) => {
    putResource(subscription, { id, name: id.split("/").at(-1) ?? "", type, location, tags: {}, properties: {} });
  };
  put(groupId(givenGroup), groupType);
  put(galleryId, "Microsoft.Compute/galleries");
  put(expiryIdentityId, identityType);
  put(imageId, imageType);
}

export function azureRehearsal(): AzureRehearsal {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "kmvm-azure-"));
  const subscription = openSubscription(folder);
  bundle("azure/main.ts", join(folder, "bin", "azure-native.js"));
  bundle("azure/host-main.ts", join(folder, "bin", "azure-host.js"));
  setUpOnce(subscription);

  return {
    subscription,
    install: (pulumiHome) => {
      installPlugin(pulumiHome, {
        ...{ name: "azure-native", version: "3.28.0" },
        ...{ variable: "KMVM_REHEARSAL_AZURE", folder },
      });
    },
    giveImage(disk, sizeGiB, version, stage) {
      const name = galleryVersion(version);
      if (name === undefined) throw new Error(`${version} is no version of the local store`);
      const id = `${imageId}/versions/${name}`;
      const tags = { "kmvm-image-version": version };
      const properties = {
        publishingProfile: { excludeFromLatest: stage !== "promoted", publishedDate: "2026-01-01T00:00:00Z" },
        storageProfile: { osDiskImage: { source: { uri: `https://given.blob.core.windows.net/kmvm/${version}.vhd` } } },
      };
      putResource(subscription, { id, name, type: versionType, location, tags, properties });
      giveDisk(subscription, id, disk, sizeGiB);
      if (stage === "promoted")
        putResource(subscription, {
          ...{ id: imageId, name: imageName, type: imageType, location, properties: {} },
          tags: { "kmvm-promoted": version },
        });
      return id;
    },
    async close() {
      const machines = listResources(subscription).filter(({ type }) => type === machineType);
      await endMachines(machines.map(({ id }) => folderOf(subscription, id)));
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
