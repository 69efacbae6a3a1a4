import {
  CreateLaunchTemplateCommand,
  CreateSecurityGroupCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeInstanceTypeOfferingsCommand,
  DescribeLaunchTemplatesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSnapshotsCommand,
  DescribeVolumesCommand,
  EC2Client,
  GetConsoleOutputCommand,
  RunInstancesCommand,
  SendDiagnosticInterruptCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
  type ResourceType,
} from "@aws-sdk/client-ec2";
import { GetScheduleCommand, ListSchedulesCommand, SchedulerClient } from "@aws-sdk/client-scheduler";
import { GetServiceQuotaCommand, ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import {
  GetParameterCommand,
  GetParameterHistoryCommand,
  GetParametersByPathCommand,
  SSMClient,
} from "@aws-sdk/client-ssm";
import { ourProject, tagNames } from "../../../lib/tags";
import { clientOf } from "./clients";
import { classifyError, failureOf } from "./errors";
import { imageParameters } from "./image-names";
import { namePrefix } from "./machine-plan";
import { scheduleGroup } from "./run-resources";
import type { AwsSettings } from "./settings";

/** What a probe can be made with. */
export interface ProbeContext {
  readonly size: string;
  readonly image: string;
  /** An AMI of ours. */
  readonly ami: string | undefined;
  /** An instance of ours. */
  readonly instance: string | undefined;
}

export interface ProbeResult {
  /** `ec2:RunInstances`. */
  readonly permission: string;
  readonly answer: "allowed" | "refused" | "undecided";
  /** Why it is not decided. */
  readonly why?: string;
}

type Probe = (own: AwsSettings, context: ProbeContext) => Promise<unknown> | undefined;

const tagsFor = (...kinds: ResourceType[]) =>
  kinds.map((ResourceType) => ({ ResourceType, Tags: [{ Key: tagNames.project, Value: ourProject }] }));

const ec2 =
  (call: (client: EC2Client, context: ProbeContext) => Promise<unknown> | undefined): Probe =>
  (own, context) =>
    call(new EC2Client(clientOf(own)), context);

const DryRun = true;
const onInstance = (call: (client: EC2Client, id: string) => Promise<unknown>): Probe =>
  ec2((client, { instance }) => (instance === undefined ? undefined : call(client, instance)));

/** Nothing is so named: who may look is told that it is not there, who may not is refused. */
const nothing = "kmvm-doctor-0";

/**
 * A call for each permission that can be asked for without changing anything. EC2 has `DryRun`: allowed is the error
 * DryRunOperation, refused is UnauthorizedOperation (docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonParameters.html).
 * The others are reads. What is changed with other services, and iam:PassRole, cannot be asked for.
 */
const probes: Readonly<Record<string, Probe>> = {
  "ec2:DescribeInstances": ec2((client) => client.send(new DescribeInstancesCommand({ DryRun }))),
  "ec2:DescribeVolumes": ec2((client) => client.send(new DescribeVolumesCommand({ DryRun }))),
  "ec2:DescribeNetworkInterfaces": ec2((client) => client.send(new DescribeNetworkInterfacesCommand({ DryRun }))),
  "ec2:DescribeSecurityGroups": ec2((client) => client.send(new DescribeSecurityGroupsCommand({ DryRun }))),
  "ec2:DescribeLaunchTemplates": ec2((client) => client.send(new DescribeLaunchTemplatesCommand({ DryRun }))),
  "ec2:DescribeImages": ec2((client) => client.send(new DescribeImagesCommand({ DryRun, Owners: ["self"] }))),
  "ec2:DescribeSnapshots": ec2((client) => client.send(new DescribeSnapshotsCommand({ DryRun, OwnerIds: ["self"] }))),
  "ec2:DescribeInstanceTypeOfferings": ec2((client) =>
    client.send(new DescribeInstanceTypeOfferingsCommand({ DryRun })),
  ),
  "ec2:CreateSecurityGroup": ec2((client) =>
    client.send(
      new CreateSecurityGroupCommand({
        ...{ DryRun, GroupName: nothing, Description: "asks for a permission" },
        TagSpecifications: tagsFor("security-group"),
      }),
    ),
  ),
  "ec2:CreateLaunchTemplate": ec2((client) =>
    client.send(
      new CreateLaunchTemplateCommand({
        ...{ DryRun, LaunchTemplateName: nothing, LaunchTemplateData: { EbsOptimized: true } },
        TagSpecifications: tagsFor("launch-template"),
      }),
    ),
  ),
  "ec2:RunInstances": ec2((client, { ami, size }) =>
    ami === undefined
      ? undefined
      : client.send(
          new RunInstancesCommand({
            ...{ DryRun, ImageId: ami, InstanceType: size as never, MinCount: 1, MaxCount: 1 },
            TagSpecifications: tagsFor("instance", "volume", "network-interface"),
          }),
        ),
  ),
  "ec2:StartInstances": onInstance((client, id) =>
    client.send(new StartInstancesCommand({ DryRun, InstanceIds: [id] })),
  ),
  "ec2:StopInstances": onInstance((client, id) => client.send(new StopInstancesCommand({ DryRun, InstanceIds: [id] }))),
  "ec2:TerminateInstances": onInstance((client, id) =>
    client.send(new TerminateInstancesCommand({ DryRun, InstanceIds: [id] })),
  ),
  "ec2:GetConsoleOutput": onInstance((client, id) =>
    client.send(new GetConsoleOutputCommand({ DryRun, InstanceId: id })),
  ),
  "ec2:SendDiagnosticInterrupt": onInstance((client, id) =>
    client.send(new SendDiagnosticInterruptCommand({ DryRun, InstanceId: id })),
  ),
  "ssm:GetParameter": (own, { image }) =>
    new SSMClient(clientOf(own)).send(new GetParameterCommand({ Name: imageParameters.promoted(own, image) })),
  "ssm:GetParameterHistory": (own, { image }) =>
    new SSMClient(clientOf(own)).send(new GetParameterHistoryCommand({ Name: imageParameters.promoted(own, image) })),
  "ssm:GetParametersByPath": (own) =>
    new SSMClient(clientOf(own)).send(new GetParametersByPathCommand({ Path: own.parameterPrefix, MaxResults: 1 })),
  "scheduler:ListSchedules": (own) =>
    new SchedulerClient(clientOf(own)).send(new ListSchedulesCommand({ NamePrefix: namePrefix, MaxResults: 1 })),
  "scheduler:GetSchedule": (own) =>
    new SchedulerClient(clientOf(own)).send(new GetScheduleCommand({ Name: nothing, GroupName: scheduleGroup })),
  "servicequotas:GetServiceQuota": (own) =>
    new ServiceQuotasClient(clientOf(own)).send(
      new GetServiceQuotaCommand({ ServiceCode: "ec2", QuotaCode: "L-1216C47A" }),
    ),
};

export const probedPermissions = Object.keys(probes);

/** That there is no such thing is an answer only to who may ask. */
const allowedAnswers = /^(DryRunOperation|ResourceNotFoundException|NoSuchResourceException|ParameterNotFound)$/;

async function ask(permission: string, probe: Probe, own: AwsSettings, context: ProbeContext): Promise<ProbeResult> {
  try {
    const call = probe(own, context);
    if (!call) return { permission, answer: "undecided", why: "there is nothing of ours yet to ask it of" };
    await call;
    return { permission, answer: "allowed" };
  } catch (error) {
    const { codes, text } = failureOf(error);
    if (codes.some((code) => allowedAnswers.test(code))) return { permission, answer: "allowed" };
    if (classifyError(error).kind === "permission") return { permission, answer: "refused" };
    return { permission, answer: "undecided", why: text };
  }
}

/** Changes nothing. */
export function askPermissions(own: AwsSettings, context: ProbeContext): Promise<ProbeResult[]> {
  return Promise.all(Object.entries(probes).map(([permission, probe]) => ask(permission, probe, own, context)));
}
