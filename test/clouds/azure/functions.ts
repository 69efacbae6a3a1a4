import type { Properties } from "../../../plugin/values";
import { ArmError, providerText } from "./arm-error";
import { outputsOf } from "./arm-type";
import { getResource, subscriptionId, type Subscription } from "./subscription";

/** Functions of the provider that programs call. */
export function functions(subscription: Subscription): Readonly<Record<string, (args: Properties) => Properties>> {
  return {
    "azure-native:authorization:getClientConfig": () => ({
      clientId: "22222222-2222-2222-2222-222222222222",
      objectId: "33333333-3333-3333-3333-333333333333",
      subscriptionId,
      tenantId: "44444444-4444-4444-4444-444444444444",
    }),
    "azure-native:compute:getGalleryImage": ({ resourceGroupName, galleryName, galleryImageName }) => {
      subscription.call("Microsoft.Compute/galleries/images/read");
      const id = `/subscriptions/${subscriptionId}/resourceGroups/${String(resourceGroupName)}/providers/Microsoft.Compute/galleries/${String(galleryName)}/images/${String(galleryImageName)}`;
      const found = getResource(subscription, id);
      if (!found)
        throw new Error(providerText(new ArmError("ResourceNotFound", `The Resource '${id}' was not found.`, 404)));
      return { id, ...outputsOf(found) };
    },
  };
}
