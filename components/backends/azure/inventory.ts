import { z } from "zod";
import type { MachineSummary } from "../facets";
import type { AzureClients } from "./clients";
import { listGroups, type Group } from "./groups";
import { groupOf } from "./names";

/** What `statusOnly` gives of a machine: its id and its instance view. */
export interface MachineStatus {
  readonly id?: string | undefined;
  readonly instanceView?:
    { readonly statuses?: readonly { readonly code?: string | undefined }[] | undefined } | undefined;
}

const addressSchema = z.object({
  id: z.string(),
  properties: z.object({ ipAddress: z.string().optional() }).optional(),
});

/** Codes of learn.microsoft.com/azure/virtual-machines/states-billing. Others are of a machine that is not whole. */
const states: Readonly<Record<string, MachineSummary["state"]>> = {
  "PowerState/starting": "running",
  "PowerState/running": "running",
  "PowerState/stopping": "stopped",
  "PowerState/stopped": "stopped",
  "PowerState/deallocating": "stopped",
  "PowerState/deallocated": "stopped",
};

/** Pure. */
export function stateOf(status: MachineStatus | undefined): MachineSummary["state"] {
  const codes = status?.instanceView?.statuses?.map(({ code }) => code ?? "") ?? [];
  return codes.map((code) => states[code]).find((state) => state !== undefined) ?? "half-made";
}

/** Joins what three lists know. Groups that are being deleted are no machines any more. Pure. */
export function summaries(
  groups: readonly Group[],
  machines: readonly MachineStatus[],
  addresses: readonly unknown[],
): MachineSummary[] {
  const statusOf = new Map(machines.map((machine) => [groupOf(machine.id ?? ""), machine]));
  const addressOf = new Map(
    addresses.map((body) => {
      const { id, properties } = addressSchema.parse(body);
      return [groupOf(id), properties?.ipAddress];
    }),
  );
  return groups
    .filter(({ deleting }) => !deleting)
    .map(({ id, name, tags, imageVersion }) => ({
      id,
      stack: tags.stack,
      runId: tags.runId,
      state: stateOf(statusOf.get(name.toLowerCase())),
      address: addressOf.get(name.toLowerCase()),
      imageVersion,
      owner: tags.owner,
      createdAt: tags.createdAt,
      expiresAt: tags.expiresAt,
      backendHash: tags.backendHash,
    }));
}

/** Three lists of the whole subscription, whatever the number of machines; no call for each. */
export async function listMachines({ compute, arm }: AzureClients): Promise<MachineSummary[]> {
  const statuses = async () => {
    const all: MachineStatus[] = [];
    for await (const machine of compute.virtualMachines.listAll({ statusOnly: "true" })) all.push(machine);
    return all;
  };
  const [groups, machines, addresses] = await Promise.all([
    listGroups(arm),
    statuses(),
    arm.list("/providers/Microsoft.Network/publicIPAddresses?api-version=2024-05-01"),
  ]);
  return summaries(groups, machines, addresses);
}
