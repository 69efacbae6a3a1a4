import type { VirtualMachine } from "@azure/arm-compute";
import { ExitCode, UserError } from "../../../lib/errors";
import type { Power } from "../facets";
import type { AzureClients } from "./clients";
import { findGroup, type Group } from "./groups";
import { vmName } from "./names";
import { hasStatus } from "./refusals";

/** @throws UserError when there is none, or it is not ours */
async function machineOf(
  { compute, arm }: AzureClients,
  id: string,
): Promise<{ group: Group; machine: VirtualMachine }> {
  const none = new UserError(`there is no machine ${id}`, "see `kmvm ls`", ExitCode.Usage);
  const group = await findGroup(arm, id);
  if (!group) throw none;
  try {
    return { group, machine: await compute.virtualMachines.get(group.name, vmName) };
  } catch (error) {
    throw hasStatus(error, 404) ? none : error;
  }
}

/** @param pollMs how often the end of an operation is asked for where the answer does not say it */
export function power(clients: AzureClients, pollMs = 3000): Power {
  const { virtualMachines } = clients.compute;
  const options = { updateIntervalInMs: pollMs };
  return {
    async start(id) {
      const { group } = await machineOf(clients, id);
      await virtualMachines.start(group.name, vmName, options);
    },

    /** Deallocated: a machine that was only shut down is charged as if it ran. */
    async stop(id) {
      const { group, machine } = await machineOf(clients, id);
      if (machine.storageProfile?.osDisk?.diffDiskSettings?.option)
        throw new UserError(
          `${group.name} has an ephemeral disk, and so cannot be stopped`,
          "delete it, or make it with azure.osDisk managed",
        );
      await virtualMachines.deallocate(group.name, vmName, options);
    },

    reset(id) {
      return Promise.reject(
        new UserError(`${id} cannot be set back: Azure does not do that`, "delete it and make another: kmvm vm delete"),
      );
    },
  };
}
