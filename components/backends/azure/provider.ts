import { Provider } from "@pulumi/azure-native/provider";
import type * as pulumi from "@pulumi/pulumi";
import type { AzureSettings } from "./settings";

/** The subscription of the settings, whatever the environment or `az account` say; credentials are those of the chain. */
export function azureProvider(name: string, own: AzureSettings, opts?: pulumi.ResourceOptions): Provider {
  return new Provider(name, { subscriptionId: own.subscriptionId, location: own.location }, opts);
}
