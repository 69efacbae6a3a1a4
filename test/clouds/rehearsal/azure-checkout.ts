import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { ownCheckout } from "../../support/own-checkout";
import { StoredArmState } from "../azure/arm-state";
import { interference } from "../azure/interference";
import { machineType } from "../azure/machine-power";
import {
  expiryIdentityId,
  folderOf,
  galleryName,
  givenGroup,
  holdings,
  listResources,
  location,
  subscriptionId,
} from "../azure/subscription";
import { timePasses } from "../azure/workflow";
import { Door } from "../fake-arm/door";
import { FakeArm } from "../fake-arm/server";
import { callerAddress } from "../lib/networks";
import { publishedToAzure } from "./azure-images";
import { azureRehearsal, type AzureRehearsal } from "./azure";
import { commonProfile, differenceOf } from "./cloud-checkout";
import { imageName, localImage, otherVersion } from "./local-image";
import { installCommandPlugin } from "./plugin-home";
import type { PublishingCheckout } from "./published-images";

/** A checkout of the whole program whose backend azure is the played one. */
export interface AzureCheckout extends PublishingCheckout {
  readonly rehearsal: AzureRehearsal;
  readonly arm: FakeArm;
}

/** What a person writes into the profile to use a subscription. */
const profile = `${commonProfile(callerAddress)}  kmvm:azure:
    subscriptionId: ${subscriptionId}
    location: ${location}
    resourceGroup: ${givenGroup}
    gallery: ${galleryName}
    storageAccount: kmvmimages
    expiryIdentityId: ${expiryIdentityId}
`;

/** @param image whether this host's image is in the gallery, published and promoted. @default "promoted" */
export async function azureCheckout(image: "promoted" | "none" = "promoted"): Promise<AzureCheckout> {
  const rehearsal = azureRehearsal();
  const { subscription } = rehearsal;
  if (image === "promoted") {
    const { disk, version } = localImage();
    rehearsal.giveImage(disk, 4, version, "promoted");
    rehearsal.giveImage(disk, 4, otherVersion, "candidate");
  }
  const state = new StoredArmState(subscription, subscriptionId, 1);
  const arm = new FakeArm({
    subscriptionId,
    state,
    // Seconds. Where an answer says nothing, the SDK waits for as long as Azure takes.
    retryAfter: 1,
    interfere: interference(subscription.store),
    onAction: (action) => {
      subscription.call(action);
    },
  });
  const door = new Door();
  const pulumiHome = join(subscription.store.folder, "pulumi");
  const checkout = ownCheckout({ ...(await door.open(arm)), PULUMI_HOME: pulumiHome });
  installCommandPlugin(pulumiHome, checkout.folder);
  rehearsal.install(pulumiHome);
  appendFileSync(join(checkout.folder, "Pulumi.dev.yaml"), profile);
  const before = holdings(subscription);
  const living = () =>
    listResources(subscription)
      .filter(({ type }) => type === machineType)
      .map(({ id }) => id);
  return {
    backend: "azure",
    rehearsal,
    arm,
    checkout,
    store: subscription.store,
    images: publishedToAzure(subscription),
    otherImage: `${imageName}@${otherVersion}`,
    difference: () => differenceOf(before, holdings(subscription)),
    problems: () => arm.unknown,
    living,
    machineFolders: () => living().map((id) => folderOf(subscription, id)),
    timePasses: (until) => timePasses(subscription, until),
    close: async () => {
      checkout.remove();
      await door.close();
      await state.settled();
      await rehearsal.close();
    },
  };
}
