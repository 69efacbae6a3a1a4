import type { Destroyer, Leftovers } from "../facets";
import type { AzureClients } from "./clients";
import { findGroup, groupsApi, listGroups } from "./groups";

/** Deleting a group takes minutes; one that takes longer is stuck. */
const longestMs = 30 * 60 * 1000;

/**
 * Deletes a machine's group with all that is in it, and waits until it is gone. The machine is not shut down first:
 * learn.microsoft.com/rest/api/resources/resource-groups/delete, forceDeletionTypes.
 */
export function destroyer({ arm }: AzureClients): Destroyer {
  return {
    async destroy(id) {
      const group = await findGroup(arm, id);
      if (!group) return;
      const force = "forceDeletionTypes=Microsoft.Compute/virtualMachines";
      await arm.remove(`/resourcegroups/${group.name}?${force}&${groupsApi}`, longestMs);
    },
  };
}

/** Groups that are being deleted: the deletion goes on without us, and is no machine of anybody's any more. */
export function leftovers(clients: AzureClients): Leftovers {
  return {
    async list() {
      const groups = await listGroups(clients.arm);
      return groups
        .filter(({ deleting }) => deleting)
        .map(({ id, tags }) => ({
          id,
          stage: "being removed" as const,
          machineId: `${tags.stack}-${tags.runId}`,
          tags,
          changedAt: Date.parse(tags.createdAt),
        }));
    },
    remove: destroyer(clients).destroy,
  };
}
