import {
  CreateLaunchTemplateCommand,
  CreateSecurityGroupCommand,
  CreateVolumeCommand,
  EC2Client,
  RunInstancesCommand,
  type ResourceType,
} from "@aws-sdk/client-ec2";
import { CreateScheduleCommand, SchedulerClient } from "@aws-sdk/client-scheduler";
import { SSMClient } from "@aws-sdk/client-ssm";
import * as plan from "../../../components/backends/aws/machine-plan";
import { awsSettings } from "../../../components/backends/aws/settings";
import { imageTagNames, toTags, type MachineTags } from "../../../lib/tags";

export const own = awsSettings.parse({
  region: "us-west-2",
  scheduleRoleArn: "arn:aws:iam::123456789012:role/kmvm-expiry",
  bucket: "kmvm-images",
});
const { region } = own;

export const ec2 = () => new EC2Client({ region });
export const ssm = () => new SSMClient({ region });
export const scheduler = () => new SchedulerClient({ region });

export const tagsOfRun = (runId: string, more: Partial<MachineTags> = {}): MachineTags => ({
  project: "kmvm",
  backendHash: "0123456789ab",
  stack: "test-ci-240",
  runId,
  createdAt: "2026-01-01T00:00:00.000Z",
  expiresAt: "2026-01-01T04:00:00.000Z",
  owner: "me@here",
  ...more,
});

export const asList = (record: Record<string, string>) =>
  Object.entries(record).map(([Key, Value]) => ({ Key, Value }));
export const tagged = (kinds: readonly ResourceType[], record: Record<string, string>) =>
  kinds.map((ResourceType) => ({ ResourceType, Tags: asList(record) }));

/** An AMI that every account of moto has from the start; there are 1299, and listing them takes seconds. */
export const anyAmi = "ami-03cf127a";

/** The security group and the launch template of a machine, made as its program makes them. */
export async function makeSurroundings(tags: MachineTags): Promise<{ group: string; template: string }> {
  const record = toTags(tags);
  const name = plan.resourceName(tags.stack, tags.runId);
  const { GroupId: group = "" } = await ec2().send(
    new CreateSecurityGroupCommand({
      ...{ GroupName: name, Description: "ssh" },
      TagSpecifications: tagged(["security-group"], record),
    }),
  );
  const { LaunchTemplate } = await ec2().send(
    new CreateLaunchTemplateCommand({
      LaunchTemplateName: name,
      LaunchTemplateData: { TagSpecifications: tagged(["network-interface"], record) },
      TagSpecifications: tagged(["launch-template"], record),
    }),
  );
  return { group, template: LaunchTemplate?.LaunchTemplateId ?? "" };
}

export async function makeSchedule(tags: MachineTags, instance: string): Promise<string> {
  const Name = plan.resourceName(tags.stack, tags.runId);
  await scheduler().send(
    new CreateScheduleCommand({
      ...{ Name, Description: plan.scheduleDescription(tags), FlexibleTimeWindow: { Mode: "OFF" } },
      ScheduleExpression: plan.scheduleExpression(tags.expiresAt),
      Target: {
        Arn: plan.terminateTarget(own.scheduleRoleArn),
        RoleArn: own.scheduleRoleArn,
        Input: JSON.stringify({ InstanceIds: [instance] }),
      },
    }),
  );
  return `default/${Name}`;
}

export interface MadeMachine {
  readonly instance: string;
  readonly group: string;
  readonly template: string;
  readonly schedule: string;
}

/** A whole machine, as its program makes it. */
export async function makeMachine(tags: MachineTags, ami?: string): Promise<MadeMachine> {
  const { group, template } = await makeSurroundings(tags);
  const record = { ...toTags(tags), [imageTagNames.version]: "20260101.1-abc" };
  const { Instances } = await ec2().send(
    new RunInstancesCommand({
      ...{ ImageId: ami ?? anyAmi, InstanceType: "m5.large", MinCount: 1, MaxCount: 1 },
      ...{ SecurityGroupIds: [group], InstanceInitiatedShutdownBehavior: "terminate" },
      CpuOptions: { CoreCount: 1, ThreadsPerCore: 2 },
      TagSpecifications: tagged(["instance", "volume"], record),
    }),
  );
  const instance = Instances?.[0]?.InstanceId ?? "";
  return { instance, group, template, schedule: await makeSchedule(tags, instance) };
}

/** A volume that outlived its machine. */
export async function makeVolume(tags: MachineTags): Promise<string> {
  const TagSpecifications = tagged(["volume"], toTags(tags));
  const { VolumeId = "" } = await ec2().send(
    new CreateVolumeCommand({ AvailabilityZone: `${region}a`, Size: 8, TagSpecifications }),
  );
  return VolumeId;
}
