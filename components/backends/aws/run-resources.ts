import {
  EC2Client,
  paginateDescribeLaunchTemplates,
  paginateDescribeNetworkInterfaces,
  paginateDescribeSecurityGroups,
  paginateDescribeVolumes,
  type Tag,
} from "@aws-sdk/client-ec2";
import { GetScheduleCommand, SchedulerClient, paginateListSchedules } from "@aws-sdk/client-scheduler";
import { fromTags, tagNames, type MachineTags } from "../../../lib/tags";
import { clientOf, collect, tagsOf } from "./clients";
import { calling, isGone } from "./errors";
import { oursOnly } from "./instances";
import { namePrefix, resourceName, tagsInDescription } from "./machine-plan";
import type { AwsSettings } from "./settings";

/** What a machine has for itself besides the instance, in the order in which it can be removed. */
export const runKinds = ["volume", "network-interface", "launch-template", "schedule", "security-group"] as const;
export type RunKind = (typeof runKinds)[number];

export interface RunResource {
  readonly kind: RunKind;
  /** As the state knows it: `vol-…`, `eni-…`, `lt-…`, `default/kmvm-…`, `sg-…`. */
  readonly id: string;
  readonly tags: MachineTags;
}

/** Schedules are in the group that every account has: one of our own would be one more thing to be left behind. */
export const scheduleGroup = "default";

/** What tells runs apart. */
export type Run = Pick<MachineTags, "stack" | "runId">;

interface Found {
  readonly id: string | undefined;
  readonly tags: Tag[] | undefined;
}

function ours(kind: RunKind, found: readonly Found[]): RunResource[] {
  return found.flatMap(({ id, tags: list }) => {
    const tags = fromTags(tagsOf(list));
    return id !== undefined && tags ? [{ kind, id, tags }] : [];
  });
}

/**
 * What EC2 has of ours besides instances and images, in the order in which it can be removed.
 * @param runId of one run only
 */
export function listEc2Resources(own: AwsSettings, runId?: string): Promise<RunResource[]> {
  const ofRun = runId === undefined ? [] : [{ Name: `tag:${tagNames.runId}`, Values: [runId] }];
  const only = { Filters: [oursOnly, ...ofRun] };
  return calling(`could not list what machines have in ${own.region}`, async () => {
    const client = new EC2Client(clientOf(own));
    const paging = { client, pageSize: 500 };
    try {
      const [volumes, interfaces, templates, groups] = await Promise.all([
        collect(paginateDescribeVolumes(paging, only), ({ Volumes }) =>
          Volumes?.map(({ VolumeId, Tags }) => ({ id: VolumeId, tags: Tags })),
        ),
        collect(paginateDescribeNetworkInterfaces(paging, only), ({ NetworkInterfaces }) =>
          NetworkInterfaces?.map(({ NetworkInterfaceId, TagSet }) => ({ id: NetworkInterfaceId, tags: TagSet })),
        ),
        // At most 200 of them in one answer.
        collect(paginateDescribeLaunchTemplates({ client, pageSize: 200 }, only), ({ LaunchTemplates }) =>
          LaunchTemplates?.map(({ LaunchTemplateId, Tags }) => ({ id: LaunchTemplateId, tags: Tags })),
        ),
        collect(paginateDescribeSecurityGroups(paging, only), ({ SecurityGroups }) =>
          SecurityGroups?.map(({ GroupId, Tags }) => ({ id: GroupId, tags: Tags })),
        ),
      ]);
      return [
        ...ours("volume", volumes),
        ...ours("network-interface", interfaces),
        ...ours("launch-template", templates),
        ...ours("security-group", groups),
      ];
    } finally {
      client.destroy();
    }
  });
}

async function withScheduler<T>(own: AwsSettings, work: (client: SchedulerClient) => Promise<T>): Promise<T> {
  const client = new SchedulerClient(clientOf(own));
  try {
    return await calling(`could not list the schedules in ${own.region}`, () => work(client));
  } finally {
    client.destroy();
  }
}

/** Names of all schedules that could be ours. */
export function listScheduleNames(own: AwsSettings): Promise<string[]> {
  return withScheduler(own, (client) =>
    collect(
      paginateListSchedules({ client, pageSize: 100 }, { NamePrefix: namePrefix, GroupName: scheduleGroup }),
      ({ Schedules }) => Schedules?.map(({ Name = "" }) => Name),
    ),
  );
}

/** Those that are ours. Each costs a call; one that is deleted meanwhile is none. */
export function readSchedules(own: AwsSettings, names: readonly string[]): Promise<RunResource[]> {
  return withScheduler(own, async (client) => {
    const found: RunResource[] = [];
    for (const name of names)
      try {
        const { Description } = await client.send(new GetScheduleCommand({ Name: name, GroupName: scheduleGroup }));
        const tags = fromTags(tagsInDescription(Description) ?? {});
        if (tags) found.push({ kind: "schedule", id: `${scheduleGroup}/${name}`, tags });
      } catch (error) {
        if (!isGone(error)) throw error;
      }
    return found;
  });
}

/** All that one machine has for itself. */
export async function resourcesOfRun(own: AwsSettings, { stack, runId }: Run): Promise<RunResource[]> {
  const found = await Promise.all([listEc2Resources(own, runId), readSchedules(own, [resourceName(stack, runId)])]);
  return removable(found.flat().filter(({ tags }) => tags.stack === stack));
}

/** In the order in which they can be removed. Pure. */
export function removable(resources: readonly RunResource[]): RunResource[] {
  return runKinds.flatMap((kind) => resources.filter((one) => one.kind === kind));
}
