import { readFile } from "node:fs/promises";
import { codeOf, UserError } from "../../../lib/errors";
import { kmvmHome } from "../../../lib/paths";
import {
  inspectMachine,
  listMachines,
  removeMachine,
  resetMachine,
  resumeMachine,
  stopMachine,
} from "../../../provider/qemu/machine";
import { injectNmi } from "../../../provider/qemu/diagnostics";
import { machineFolder } from "../../../provider/qemu/folder";
import { listRemains, removeRemains } from "../../../provider/qemu/leftovers";
import type { Facets, MachineSummary } from "../facets";

/** The verbs' powers over local machines. */
export const qemuFacets: Facets = {
  inventory: {
    async list(): Promise<MachineSummary[]> {
      const machines = await listMachines(kmvmHome());
      return machines.map(({ id, state, address, imageVersion, expiresAt, tags }) => ({
        id,
        state,
        address,
        imageVersion,
        expiresAt,
        stack: tags.stack,
        runId: tags.runId,
        owner: tags.owner,
        createdAt: tags.createdAt,
        backendHash: tags.backendHash,
      }));
    },
  },
  power: {
    start: async (id) => {
      await resumeMachine(kmvmHome(), id);
    },
    stop: (id) => stopMachine(kmvmHome(), id),
    reset: async (id, log) => {
      await resetMachine(kmvmHome(), id, log ? { log } : {});
    },
  },
  console: {
    // A file of this host.
    pollMs: 100,
    async text(id) {
      const machine = await inspectMachine(kmvmHome(), id);
      if (!machine) throw new UserError(`there is no machine ${id}`, "see `kmvm ls`");
      try {
        return await readFile(machine.consolePath, "utf8");
      } catch (error) {
        if (codeOf(error) === "ENOENT") return "";
        throw error;
      }
    },
    interrupt: (id) => injectNmi(machineFolder(kmvmHome(), id)),
  },
  leftovers: {
    list: () => listRemains(kmvmHome()),
    remove: (id) => removeRemains(kmvmHome(), id),
  },
  destroyer: { destroy: (id) => removeMachine(kmvmHome(), id) },
};
