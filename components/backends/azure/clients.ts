import { ComputeManagementClient, type ComputeManagementClientOptionalParams } from "@azure/arm-compute";
import type { TokenCredential } from "@azure/core-auth";
import { refusalPolicy } from "./refusals";
import { resourceManager, type ResourceManager } from "./resource-manager";
import type { AzureSettings } from "./settings";

/** All that the verbs talk to Azure with. */
export interface AzureClients {
  readonly compute: ComputeManagementClient;
  readonly arm: ResourceManager;
}

/** How calls are sent; what the SDK takes. @default as the SDK does */
export type TransportOptions = Pick<ComputeManagementClientOptionalParams, "httpClient" | "retryOptions"> & {
  /** How often the end of a deletion is asked for where the answer does not say it. @default 5000 */
  readonly pollMs?: number;
};

/**
 * Calls that are throttled or fail for a moment are sent again by the SDK: with the wait that the answer asks for
 * (Retry-After), else with a growing one.
 */
export const retryOptions = { maxRetries: 5, retryDelayInMs: 500, maxRetryDelayInMs: 30_000 };

/** The clients of one subscription. Nothing is called yet, and nobody logs in. */
export function azureClients(
  own: Pick<AzureSettings, "subscriptionId">,
  credential: TokenCredential,
  transport: TransportOptions = {},
): AzureClients {
  const options = {
    retryOptions,
    ...transport,
    additionalPolicies: [{ policy: refusalPolicy, position: "perCall" as const }],
  };
  return {
    compute: new ComputeManagementClient(credential, own.subscriptionId, options),
    arm: resourceManager(own.subscriptionId, credential, options),
  };
}
