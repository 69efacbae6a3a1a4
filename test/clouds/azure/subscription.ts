import { join } from "node:path";
import type { Resource } from "../fake-arm/state";
import { recordCall } from "../lib/calls";
import { openStore, type Store } from "../lib/store";
import { ArmError } from "./arm-error";

export type Tags = Readonly<Record<string, string>>;

/** The played subscription: what is in it, and who asked what of it. */
export interface Subscription {
  readonly store: Store;
  /** Notes a call by the name that roles have for it: `Microsoft.Compute/virtualMachines/write`. */
  call(action: string): void;
}

export const subscriptionId = "11111111-2222-3333-4444-555555555555";
export const location = "westus2";
/** What a person with a subscription has set up once. */
export const givenGroup = "kmvm-images";
export const galleryName = "kmvm";
export const galleryId = `/subscriptions/${subscriptionId}/resourceGroups/${givenGroup}/providers/Microsoft.Compute/galleries/${galleryName}`;
export const expiryIdentityId = `/subscriptions/${subscriptionId}/resourceGroups/${givenGroup}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/kmvm-expiry`;

export function openSubscription(folder: string): Subscription {
  const store = openStore(folder);
  return {
    store,
    call: (action) => {
      recordCall(store, { action, changes: !action.endsWith("/read") });
    },
  };
}

const resources = "resource";

/** Ids are compared without regard to case. */
interface Kept {
  readonly id: string;
  readonly resource: Resource;
}

export const groupType = "Microsoft.Resources/resourceGroups";
export const groupId = (group: string): string => `/subscriptions/${subscriptionId}/resourceGroups/${group}`;

export const putResource = ({ store }: Subscription, resource: Resource): void => {
  store.put<Kept>(resources, { id: resource.id.toLowerCase(), resource });
};

export const getResource = ({ store }: Subscription, id: string): Resource | undefined =>
  store.get<Kept>(resources, id.toLowerCase())?.resource;

export const listResources = ({ store }: Subscription): Resource[] =>
  store.list<Kept>(resources).map(({ resource }) => resource);

export const removeResource = ({ store }: Subscription, id: string): void => {
  store.remove(resources, id.toLowerCase());
};

/** @throws ArmError */
export function neededGroup(subscription: Subscription, group: string): Resource {
  const found = getResource(subscription, groupId(group));
  // https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-resource-group-not-found
  if (!found) throw new ArmError("ResourceGroupNotFound", `Resource group '${group}' could not be found.`, 404);
  if (found.properties["provisioningState"] === "Deleting")
    throw new ArmError("ResourceGroupBeingDeleted", `The resource group '${group}' is in deprovisioning state.`, 409);
  return found;
}

/** Where the machine that plays a virtual machine works. */
export const folderOf = ({ store }: Subscription, id: string): string =>
  join(store.folder, "machines", id.toLowerCase().split("/").slice(4).join("_").slice(0, 60));

/** Everything that somebody made, `type id`, sorted. */
export function holdings(subscription: Subscription): string[] {
  const blobs = subscription.store.list("blob").map(({ id }) => `blob ${id}`);
  return [...listResources(subscription).map(({ type, id }) => `${type} ${id}`), ...blobs].sort();
}
