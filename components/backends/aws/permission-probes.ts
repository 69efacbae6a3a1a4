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

/** One client of each service, for all probes. */
interface Clients {
  readonly ec2: EC2Client;
  readonly ssm: SSMClient;
  readonly scheduler: SchedulerClient;
  readonly quotas: ServiceQuotasClient;
}

type Probe = (clients: Clients, context: ProbeContext, own: AwsSettings) => Promise<unknown> | undefined;

const tagsFor = (...kinds: ResourceType[]) =>
  kinds.map((ResourceType) => ({ ResourceType, Tags: [{ Key: tagNames.project, Value: ourProject }] }));

const DryRun = true;
const onInstance =
  (call: (client: EC2Client, id: string) => Promise<unknown>): Probe =>
  ({ ec2 }, { instance }) =>
    instance === undefined ? undefined : call(ec2, instance);

/** Nothing is so named: who may look is told that it is not there, who may not is refused. */
const nothing = "kmvm-doctor-0";

/**
 * A call for each permission that can be asked for without changing anything. EC2 has `DryRun`: allowed is the error
 * DryRunOperation, refused is UnauthorizedOperation (docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonParameters.html).
 * The others are reads. What is changed with other services, and iam:PassRole, cannot be asked for.
 */
const probes: Readonly<Record<string, Probe>> = {
  "ec2:DescribeInstances": ({ ec2 }) => ec2.send(new DescribeInstancesCommand({ DryRun })),
  "ec2:DescribeVolumes": ({ ec2 }) => ec2.send(new DescribeVolumesCommand({ DryRun })),
  "ec2:DescribeNetworkInterfaces": ({ ec2 }) => ec2.send(new DescribeNetworkInterfacesCommand({ DryRun })),
  "ec2:DescribeSecurityGroups": ({ ec2 }) => ec2.send(new DescribeSecurityGroupsCommand({ DryRun })),
  "ec2:DescribeLaunchTemplates": ({ ec2 }) => ec2.send(new DescribeLaunchTemplatesCommand({ DryRun })),
  "ec2:DescribeImages": ({ ec2 }) => ec2.send(new DescribeImagesCommand({ DryRun, Owners: ["self"] })),
  "ec2:DescribeSnapshots": ({ ec2 }) => ec2.send(new DescribeSnapshotsCommand({ DryRun, OwnerIds: ["self"] })),
  "ec2:DescribeInstanceTypeOfferings": ({ ec2 }) => ec2.send(new DescribeInstanceTypeOfferingsCommand({ DryRun })),
  "ec2:CreateSecurityGroup": ({ ec2 }) =>
    ec2.send(
      new CreateSecurityGroupCommand({
        ...{ DryRun, GroupName: nothing, Description: "asks for a permission" },
        TagSpecifications: tagsFor("security-group"),
      }),
    ),
  "ec2:CreateLaunchTemplate": ({ ec2 }) =>
    ec2.send(
      new CreateLaunchTemplateCommand({
        ...{ DryRun, LaunchTemplateName: nothing, LaunchTemplateData: { EbsOptimized: true } },
        TagSpecifications: tagsFor("launch-template"),
      }),
    ),
  "ec2:RunInstances": ({ ec2 }, { ami, size }) =>
    ami === undefined
      ? undefined
      : ec2.send(
          new RunInstancesCommand({
            ...{ DryRun, ImageId: ami, InstanceType: size as never, MinCount: 1, MaxCount: 1 },
            TagSpecifications: tagsFor("instance", "volume", "network-interface"),
          }),
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
  "ssm:GetParameter": ({ ssm }, { image }, own) =>
    ssm.send(new GetParameterCommand({ Name: imageParameters.promoted(own, image) })),
  "ssm:GetParameterHistory": ({ ssm }, { image }, own) =>
    ssm.send(new GetParameterHistoryCommand({ Name: imageParameters.promoted(own, image) })),
  "ssm:GetParametersByPath": ({ ssm }, _context, own) =>
    ssm.send(new GetParametersByPathCommand({ Path: own.parameterPrefix, MaxResults: 1 })),
  "scheduler:ListSchedules": ({ scheduler }) =>
    scheduler.send(new ListSchedulesCommand({ NamePrefix: namePrefix, MaxResults: 1 })),
  "scheduler:GetSchedule": ({ scheduler }) =>
    scheduler.send(new GetScheduleCommand({ Name: nothing, GroupName: scheduleGroup })),
  "servicequotas:GetServiceQuota": ({ quotas }) =>
    quotas.send(new GetServiceQuotaCommand({ ServiceCode: "ec2", QuotaCode: "L-1216C47A" })),
};

export const probedPermissions = Object.keys(probes);

/** That there is no such thing is an answer only to who may ask. */
const allowedAnswers = /^(DryRunOperation|ResourceNotFoundException|NoSuchResourceException|ParameterNotFound)$/;

/**
 * Of what a refusal proves nothing. RunInstances names no group, so that EC2 takes the default one of the VPC, which bears
 * no tag of ours, and is refused to whoever may start machines in groups of ours only.
 */
const inconclusive: Readonly<Record<string, string>> = {
  "ec2:RunInstances": "refused in the VPC's default security group, which may be all that is refused",
};

/** What an error says of the permission that was asked for. Pure. */
export function answerOf(permission: string, error: unknown): ProbeResult {
  const { codes, text } = failureOf(error);
  if (codes.some((code) => allowedAnswers.test(code))) return { permission, answer: "allowed" };
  if (classifyError(error).kind !== "permission") return { permission, answer: "undecided", why: text };
  const why = inconclusive[permission];
  return why === undefined ? { permission, answer: "refused" } : { permission, answer: "undecided", why };
}

/** Changes nothing. */
export async function askPermissions(own: AwsSettings, context: ProbeContext): Promise<ProbeResult[]> {
  const options = clientOf(own);
  const clients: Clients = {
    ec2: new EC2Client(options),
    ssm: new SSMClient(options),
    scheduler: new SchedulerClient(options),
    quotas: new ServiceQuotasClient(options),
  };
  const ask = async ([permission, probe]: [string, Probe]): Promise<ProbeResult> => {
    const call = probe(clients, context, own);
    if (!call) return { permission, answer: "undecided", why: "there is nothing of ours yet to ask it of" };
    try {
      await call;
      return { permission, answer: "allowed" };
    } catch (error) {
      return answerOf(permission, error);
    }
  };
  try {
    return await Promise.all(Object.entries(probes).map(ask));
  } finally {
    for (const client of Object.values(clients)) client.destroy();
  }
}
