import { Provider } from "@pulumi/azure-native/provider";
import type * as pulumi from "@pulumi/pulumi";
import type { AzureSettings } from "./settings";

/**
 * The subscription of the settings, whatever the environment or `az account` say. Credentials are those of the Azure SDK's
 * default chain, as for the verbs: what `kmvm doctor` finds is what the engine uses. The provider's own order, without it,
 * is another one, and knows other variables.
 */
export function azureProvider(name: string, own: AzureSettings, opts?: pulumi.ResourceOptions): Provider {
  const { subscriptionId, location } = own;
  return new Provider(name, { subscriptionId, location, useDefaultAzureCredential: true }, opts);
}
