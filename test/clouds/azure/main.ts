import { serve } from "../../../plugin/server";
import { rehearsed } from "../lib/rehearsed";
import { faultError } from "./faults";
import { functions } from "./functions";
import { openSubscription, subscriptionId } from "./subscription";
import { types } from "./types";

/** The plugin that plays the native provider of Azure. $KMVM_REHEARSAL_AZURE is the folder of the subscription. */
const folder = process.env["KMVM_REHEARSAL_AZURE"];
if (!folder) throw new Error("KMVM_REHEARSAL_AZURE says no folder");
const subscription = openSubscription(folder);

void serve({
  name: "azure-native",
  version: "3.28.0",
  types: Object.fromEntries(
    Object.entries(types(subscription)).map(([token, type]) => [
      token,
      rehearsed(token, type, { store: subscription.store, faultError }),
    ]),
  ),
  functions: functions(subscription),
  configure(configuration) {
    const wanted = configuration["subscriptionId"] ?? process.env["ARM_SUBSCRIPTION_ID"];
    if (wanted !== subscriptionId)
      throw new Error(
        `Status=404 Code="SubscriptionNotFound" Message="The subscription '${String(wanted)}' could not be found."`,
      );
  },
});
