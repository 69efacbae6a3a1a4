import type { FaultKind } from "../lib/faults";
import { ApiError, lostText, providerText, type Operation } from "./api-error";

type Operations = Readonly<Record<"create" | "read" | "update" | "delete", Operation>>;

const of = (service: string, create: string, read: string, update: string, remove: string): Operations => ({
  create: { service, name: create },
  read: { service, name: read },
  update: { service, name: update },
  delete: { service, name: remove },
});

/** Type token -> the calls of the API that its provider makes. */
const operations: Readonly<Record<string, Operations>> = {
  "aws:ec2/securityGroup:SecurityGroup": of(
    "EC2",
    "CreateSecurityGroup",
    "DescribeSecurityGroups",
    "CreateTags",
    "DeleteSecurityGroup",
  ),
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": of(
    "EC2",
    "AuthorizeSecurityGroupIngress",
    "DescribeSecurityGroupRules",
    "ModifySecurityGroupRules",
    "RevokeSecurityGroupIngress",
  ),
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": of(
    "EC2",
    "AuthorizeSecurityGroupEgress",
    "DescribeSecurityGroupRules",
    "ModifySecurityGroupRules",
    "RevokeSecurityGroupEgress",
  ),
  "aws:ec2/instance:Instance": of(
    "EC2",
    "RunInstances",
    "DescribeInstances",
    "ModifyInstanceAttribute",
    "TerminateInstances",
  ),
  "aws:ec2/launchTemplate:LaunchTemplate": of(
    "EC2",
    "CreateLaunchTemplate",
    "DescribeLaunchTemplates",
    "CreateLaunchTemplateVersion",
    "DeleteLaunchTemplate",
  ),
  "aws:scheduler/schedule:Schedule": of(
    "Scheduler",
    "CreateSchedule",
    "GetSchedule",
    "UpdateSchedule",
    "DeleteSchedule",
  ),
  "aws:s3/bucketObjectv2:BucketObjectv2": of("S3", "PutObject", "HeadObject", "PutObject", "DeleteObject"),
  "aws:ebs/snapshotImport:SnapshotImport": of(
    "EC2",
    "ImportSnapshot",
    "DescribeSnapshots",
    "CreateTags",
    "DeleteSnapshot",
  ),
  "aws:ec2/ami:Ami": of("EC2", "RegisterImage", "DescribeImages", "ModifyImageAttribute", "DeregisterImage"),
  "aws:ssm/parameter:Parameter": of("SSM", "PutParameter", "GetParameter", "PutParameter", "DeleteParameter"),
};

/**
 * What the provider calls besides. For a spot machine: its read looks at the request, its delete cancels it
 * (github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ec2/ec2_instance.go). In a bucket with
 * versioning it deletes an object version by version (…/internal/service/s3/delete.go). In place it changes a rule, of
 * a machine that is used again by somebody with another address, and a template, which spot machines have another of.
 */
const alsoCalled: readonly Operation[] = [
  { service: "EC2", name: "DescribeSpotInstanceRequests" },
  { service: "EC2", name: "CancelSpotInstanceRequests" },
  { service: "EC2", name: "ModifySecurityGroupRules" },
  { service: "EC2", name: "CreateLaunchTemplateVersion" },
  { service: "S3", name: "ListObjectVersions" },
  { service: "S3", name: "DeleteObjectVersion" },
];

/** `EC2 RunInstances`: each call of the provider that makes, reads or removes, and what else it may. */
export const providerCalls: readonly string[] = [
  ...Object.values(operations).flatMap(({ create, read, delete: remove }) => [create, read, remove]),
  ...alsoCalled,
].map(({ service, name }) => `${service} ${name}`);

/**
 * What each fault is called. Codes and texts:
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
 */
export const refusals: Readonly<
  Record<Exclude<FaultKind, "lost" | "slow" | "stuck-before" | "stuck-after">, ApiError>
> = {
  fail: new ApiError("InternalError", "An internal error has occurred", 500),
  capacity: new ApiError(
    "InsufficientInstanceCapacity",
    "We currently do not have sufficient m8i.large capacity in the Availability Zone you requested (us-west-2a). Our system will be working on provisioning additional capacity.",
    500,
  ),
  quota: new ApiError(
    "VcpuLimitExceeded",
    "You have requested more vCPU capacity than your current vCPU limit of 5 allows for the instance bucket that the specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.",
  ),
  // The provider has tried 25 times by then.
  throttled: new ApiError("RequestLimitExceeded", "Request limit exceeded.", 503),
};

/** Steps of a create beside the call that makes it. */
const laterSteps: Readonly<Record<string, Operation>> = {
  "wait aws:ebs/snapshotImport:SnapshotImport": { service: "EC2", name: "DescribeImportSnapshotTasks" },
  "wait aws:ec2/ami:Ami": { service: "EC2", name: "DescribeImages" },
  "tag aws:ebs/snapshotImport:SnapshotImport": { service: "EC2", name: "CreateTags" },
  "tag aws:ec2/ami:Ami": { service: "EC2", name: "CreateTags" },
};

const doings: Readonly<Record<string, string>> = {
  create: "creating",
  read: "reading",
  update: "updating",
  delete: "deleting",
  wait: "waiting for",
  tag: "setting tags of",
};

/** The error of a call that a fault has hit, in the provider's words. */
export function faultError(kind: FaultKind, step: string, token: string): Error {
  const operation = operations[token]?.[step as keyof Operations] ??
    laterSteps[`${step} ${token}`] ?? { service: "EC2", name: step };
  const doing = `${doings[step] ?? step} ${token}`;
  switch (kind) {
    case "lost":
    case "stuck-before":
    case "stuck-after":
      return new Error(lostText(doing, operation));
    case "slow":
      // https://github.com/hashicorp/terraform-plugin-sdk/blob/main/helper/retry/error.go TimeoutError
      return new Error(
        `${doing}: waiting for completion: timeout while waiting for state to become 'running' (last state: 'pending', timeout: 10m0s)`,
      );
    case "fail":
    case "capacity":
    case "quota":
    case "throttled":
      return new Error(providerText(doing, operation, refusals[kind]));
  }
}
