import type { Console } from "../facets";
import type { AzureClients } from "./clients";
import { findGroup } from "./groups";
import { vmName } from "./names";
import { hasStatus } from "./refusals";

/**
 * The serial log of boot diagnostics, in storage of the provider's own. It keeps the last of it and is up to date
 * within a minute: learn.microsoft.com/azure/virtual-machines/boot-diagnostics.
 */
export function consoleOf({ compute, arm }: AzureClients): Pick<Console, "text"> {
  return {
    async text(id) {
      const group = await findGroup(arm, id);
      if (!group) return "";
      try {
        const { serialConsoleLogBlobUri } = await compute.virtualMachines.retrieveBootDiagnosticsData(
          group.name,
          vmName,
          { sasUriExpirationTimeInMinutes: 5 },
        );
        return serialConsoleLogBlobUri ? await arm.download(serialConsoleLogBlobUri) : "";
      } catch (error) {
        // Not there yet, or not while the machine is being made.
        if (hasStatus(error, 404, 409)) return "";
        throw error;
      }
    },
  };
}
