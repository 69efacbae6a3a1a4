import type { Instance } from "@aws-sdk/client-ec2";
import { fromTags, imageTagNames } from "../../../lib/tags";
import type { MachineSummary } from "../facets";
import { tagsOf } from "./clients";
import { describeInstances, oursOnly } from "./instances";
import type { AwsSettings } from "./settings";

/** What a machine is while it changes is what it will be: one that is about to stop has stopped for those who ask. */
const states: Readonly<Record<string, MachineSummary["state"]>> = {
  pending: "running",
  running: "running",
  stopping: "stopped",
  stopped: "stopped",
  // shutting-down is no machine any more: whoever lists it would count on it.
};

/** @returns undefined where it is not ours. Pure. */
export function summaryOf(instance: Instance): MachineSummary | undefined {
  const record = tagsOf(instance.Tags);
  const tags = fromTags(record);
  const state = states[instance.State?.Name ?? ""];
  if (!tags || !state || instance.InstanceId === undefined) return undefined;
  const { stack, runId, owner, createdAt, expiresAt, backendHash } = tags;
  return {
    ...{ id: instance.InstanceId, stack, runId, owner, createdAt, expiresAt, backendHash, state },
    address: instance.PublicIpAddress,
    imageVersion: record[imageTagNames.version],
  };
}

/** The machines of a region of the account that are ours, whoever of us made them. */
export async function listMachines(own: AwsSettings): Promise<MachineSummary[]> {
  const instances = await describeInstances(own, [oursOnly]);
  return instances.map(summaryOf).filter((summary) => summary !== undefined);
}
