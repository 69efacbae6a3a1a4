import type * as resources from "@pulumi/azure-native/resources";
import { tableOf } from "../lib/property";
import type { RehearsedType } from "../lib/rehearsed";
import { armCall, outputsOf, refuseBadTags } from "./arm-type";
import { ArmError } from "./arm-error";
import {
  getResource,
  groupId,
  groupType,
  listResources,
  putResource,
  removeResource,
  type Subscription,
  type Tags,
} from "./subscription";
import { endMachine, machineType } from "./machine-power";

/** @see https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules#microsoftresources */
const inputs = tableOf<resources.ResourceGroupArgs>({
  resourceGroupName: {
    kind: "text",
    replaces: true,
    pattern: /^[\p{L}\p{N}_().-]{0,89}[\p{L}\p{N}_()-]$/u,
    allowed: "1 to 90 of letters, digits, _ ( ) - ., no . at the end",
  },
  location: { kind: "text", replaces: true },
  managedBy: { kind: "text", replaces: true },
  tags: { kind: "tags" },
});

const action = "Microsoft.Resources/subscriptions/resourceGroups";

export function resourceGroup(subscription: Subscription): RehearsedType {
  return {
    inputs,
    autoname: "resourceGroupName",
    async create(given) {
      const name = String(given["resourceGroupName"]);
      const id = groupId(name);
      const made = await armCall(subscription, `${action}/write`, () => {
        const tags = (given["tags"] ?? {}) as Tags;
        refuseBadTags(tags);
        if (given["location"] === undefined)
          throw new ArmError("LocationRequired", "The location property is required for this definition.");
        if (getResource(subscription, id)) throw new Error(`cannot create already existing resource '${id}'`);
        const properties = { provisioningState: "Succeeded" };
        const resource = { id, name, type: groupType, location: String(given["location"]), tags, properties };
        putResource(subscription, resource);
        return resource;
      });
      return { id, properties: outputsOf(made) };
    },
    read(id) {
      subscription.call(`${action}/read`);
      const found = getResource(subscription, id);
      return Promise.resolve(found && outputsOf(found));
    },
    update: (id, _olds, news) =>
      armCall(subscription, `${action}/write`, () => {
        const found = getResource(subscription, id);
        if (!found) throw new ArmError("ResourceGroupNotFound", `Resource group could not be found.`, 404);
        const tags = (news["tags"] ?? {}) as Tags;
        refuseBadTags(tags);
        const changed = { ...found, tags };
        putResource(subscription, changed);
        return outputsOf(changed);
      }),
    async delete(id) {
      subscription.call(`${action}/delete`);
      await removeGroup(subscription, id);
    },
  };
}

/** A group goes with everything in it, in whatever order. @see https://learn.microsoft.com/azure/azure-resource-manager/management/delete-resource-group */
export async function removeGroup(subscription: Subscription, id: string): Promise<void> {
  const { store } = subscription;
  await store.exclusively(() => {
    const found = getResource(subscription, id);
    if (found)
      putResource(subscription, { ...found, properties: { ...found.properties, provisioningState: "Deleting" } });
  });
  const inside = listResources(subscription).filter((one) => one.id.toLowerCase().startsWith(`${id.toLowerCase()}/`));
  for (const one of inside) if (one.type === machineType) await endMachine(subscription, one.id);
  await store.exclusively(() => {
    for (const one of inside) removeResource(subscription, one.id);
    removeResource(subscription, id);
  });
}
