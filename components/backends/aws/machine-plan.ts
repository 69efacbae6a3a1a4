import type { Settings } from "../../../stacks/settings";
import { tagNames, type MachineTags } from "../../../lib/tags";
import { chosenType } from "./choose-size";
import type { InstanceType } from "./sizes";

/** Pure planning of a machine: what its resources are given. */

/** Everything of a run begins with it, so that what carries no tags can be found by its name. */
export const namePrefix = "kmvm-";

/** The name of everything of a machine that has one: `kmvm-test-ci-240-ab12cd34`. */
export function resourceName(stack: string, runId: string): string {
  return `${namePrefix}${stack}-${runId}`;
}

/** Who logs in: the image has this user. */
export const user = "kmvm";

export const sshPort = 22;

/**
 * The Amazon Time Sync Service: link local, so that no rule of the security group is in its way, as one is in that of the
 * servers of Debian, at UDP port 123 (docs.aws.amazon.com/AWSEC2/latest/UserGuide/set-time.html).
 */
export const timeServer = "169.254.169.123";

/**
 * Ports that a machine may connect to, TCP: packages and registries. DNS, the time and the metadata service are the
 * VPC's own, which security groups do not filter
 * (docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html, "Security group basics").
 */
export function egressPorts(settings: Pick<Settings, "registry">): number[] {
  const port = /:(\d{1,5})$/.exec(settings.registry?.host ?? "")?.[1];
  return [...new Set([80, 443, ...(port === undefined ? [] : [Number(port)])])];
}

/** Nitro types show the root volume under this name, too; what matters is that AMI and instance agree. */
export const rootDevice = "/dev/sda1";

/** The type of a machine of settings that have passed `validate`. */
export function typeOf(settings: Settings): InstanceType {
  const type = chosenType(settings);
  if (!type) throw new Error(`validate let size ${settings.size ?? "none"} pass`);
  return type;
}

/** Whether the processor's virtualisation has to be asked for. */
export function wantsNesting(settings: Settings): boolean {
  return settings.device === "/dev/kvm" && typeOf(settings).virtualization === "nested";
}

/**
 * `at(2026-01-31T12:00:00)`, UTC where no time zone is given; whole seconds, rounded up
 * (docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#one-time).
 */
export function scheduleExpression(expiresAt: string): string {
  const seconds = new Date(Math.ceil(Date.parse(expiresAt) / 1000) * 1000);
  return `at(${seconds.toISOString().slice(0, 19)})`;
}

/** The universal target of EventBridge Scheduler that terminates instances, in the partition of its role. */
export function terminateTarget(roleArn: string): string {
  const partition = roleArn.split(":")[1] ?? "aws";
  return `arn:${partition}:scheduler:::aws-sdk:ec2:terminateInstances`;
}

const inDescription = ["project", "backendHash", "stack", "runId", "createdAt", "expiresAt"] as const;

/**
 * Only groups of schedules can carry tags (docs.aws.amazon.com/scheduler/latest/APIReference/API_TagResource.html); a
 * schedule has 512 characters of description: the tags are written there, as JSON.
 */
export function scheduleDescription(tags: MachineTags): string {
  return JSON.stringify(Object.fromEntries(inDescription.map((key) => [tagNames[key], tags[key]])));
}

/** @returns undefined where it is not one that `scheduleDescription` wrote */
export function tagsInDescription(description: string | undefined): Record<string, string> | undefined {
  try {
    const parsed: unknown = JSON.parse(description ?? "");
    return typeof parsed === "object" && parsed !== null ? (parsed as Record<string, string>) : undefined;
  } catch {
    return undefined;
  }
}
