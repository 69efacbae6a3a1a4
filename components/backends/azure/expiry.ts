/** What the workflow of a machine's expiry is made from. */
export interface ExpiryArgs {
  readonly subscriptionId: string;
  readonly group: string;
  /** ISO 8601. */
  readonly expiresAt: string;
  readonly identityId: string;
}

const resourceManager = "https://management.azure.com";

/** A start time with Z and without parts of a second: learn.microsoft.com/azure/connectors/connectors-native-recurrence. */
function wholeSecond(iso: string): string {
  return new Date(Math.ceil(Date.parse(iso) / 1000) * 1000).toISOString().replace(".000Z", "Z");
}

/**
 * A workflow of Logic Apps that deletes the resource group, itself included, at the expiry, and every quarter of an hour
 * after it until that has worked. Its language: learn.microsoft.com/azure/logic-apps/logic-apps-workflow-definition-language;
 * the login of the call: learn.microsoft.com/azure/logic-apps/authenticate-with-managed-identity. Pure.
 */
export function expiryDefinition({ subscriptionId, group, expiresAt, identityId }: ExpiryArgs): object {
  return {
    $schema:
      "https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#",
    contentVersion: "1.0.0.0",
    triggers: {
      expiry: {
        type: "Recurrence",
        recurrence: { frequency: "Minute", interval: 15, startTime: wholeSecond(expiresAt) },
      },
    },
    actions: {
      delete_group: {
        type: "Http",
        runAfter: {},
        // Whether it has worked is seen at the next start, if there is one.
        operationOptions: "DisableAsyncPattern",
        inputs: {
          method: "DELETE",
          uri: `${resourceManager}/subscriptions/${subscriptionId}/resourceGroups/${group}?api-version=2021-04-01`,
          authentication: { type: "ManagedServiceIdentity", identity: identityId, audience: `${resourceManager}/` },
        },
      },
    },
  };
}
