import type * as logic from "@pulumi/azure-native/logic";
import type { logic as inputs } from "@pulumi/azure-native/types/input";
import { tableOf, type Mistake } from "../lib/property";
import { ArmError } from "./arm-error";
import type { ArmKind } from "./arm-type";
import { removeGroup } from "./group";
import { expiryIdentityId, getResource, listResources, type Subscription } from "./subscription";

interface Definition {
  readonly $schema?: string;
  readonly triggers?: Readonly<Record<string, { recurrence?: { startTime?: string } }>>;
  readonly actions?: Readonly<Record<string, { inputs?: { method?: string; uri?: string } }>>;
}

export const workflowType = "Microsoft.Logic/workflows";

/** @see https://learn.microsoft.com/rest/api/logic/workflows/create-or-update */
export const workflow: ArmKind = {
  type: workflowType,
  nameInput: "workflowName",
  // https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules#microsoftlogic
  namePattern: /^[\w.()-]{1,43}$/,
  inputs: {
    ...tableOf<logic.WorkflowArgs>({
      state: { kind: "choice", of: ["Enabled", "Disabled"] },
      identity: {
        kind: "object",
        of: tableOf<inputs.ManagedServiceIdentityArgs>({
          type: { kind: "choice", of: ["SystemAssigned", "UserAssigned", "None"], required: true },
          userAssignedIdentities: { kind: "texts", max: 1 },
        }),
      },
    }),
    definition: {
      kind: "object",
      of: {
        $schema: { kind: "text", required: true },
        contentVersion: { kind: "text", required: true },
        triggers: { kind: "map" },
        actions: { kind: "map" },
      },
    },
  },
  rules({ definition }): Mistake[] {
    // https://learn.microsoft.com/azure/connectors/connectors-native-recurrence: a start time has no parts of a second
    const starts = Object.values((definition as Definition | undefined)?.triggers ?? {}).map(
      (one) => one.recurrence?.startTime,
    );
    return starts.some((start) => start !== undefined && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(start))
      ? [{ path: "definition", reason: "startTime: yyyy-mm-ddThh:mm:ssZ" }]
      : [];
  },
  admit(subscription, { identity }) {
    const { userAssignedIdentities = [] } = (identity ?? {}) as { userAssignedIdentities?: string[] };
    for (const id of userAssignedIdentities)
      if (!getResource(subscription, id) && id.toLowerCase() !== expiryIdentityId.toLowerCase())
        throw new ArmError("FailedIdentityOperation", `Resource '${id}' was not found.`);
    return {};
  },
};

/** The cloud's own clock reaches a moment: workflows that delete a group and are due by then do so. */
export async function timePasses(subscription: Subscription, until: Date): Promise<void> {
  for (const { type, properties } of listResources(subscription)) {
    const { triggers = {}, actions = {} } = (properties["definition"] ?? {}) as Definition;
    const due = Object.values(triggers).some(
      ({ recurrence }) => Date.parse(recurrence?.startTime ?? "") <= until.getTime(),
    );
    if (type !== workflowType || !due) continue;
    for (const { inputs: call } of Object.values(actions)) {
      const path = /^https:\/\/management\.azure\.com(\/subscriptions\/[^/]+\/resourceGroups\/[^/?]+)\?/.exec(
        call?.uri ?? "",
      )?.[1];
      if (call?.method === "DELETE" && path !== undefined) await removeGroup(subscription, path);
    }
  }
}
