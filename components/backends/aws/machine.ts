import * as pulumi from "@pulumi/pulumi";
import { Instance, LaunchTemplate, type InstanceArgs } from "@pulumi/aws/ec2";
import { Schedule } from "@pulumi/aws/scheduler";
import { userData } from "../../../lib/cloud-init";
import { imageTagNames, ourProject, toTags } from "../../../lib/tags";
import type { Settings } from "../../../stacks/settings";
import { Pinned } from "../../kmvm/pinned";
import type { MachineArgs } from "../backend";
import { securityGroup } from "./machine-network";
import * as plan from "./machine-plan";
import { ownSettings } from "./own-settings";
import { regionProvider } from "./provider";
import { pinnedImage, pinText, resolveImage } from "./resolve-image";

/** What of an instance follows from the settings alone. */
function instanceSettings(settings: Settings): InstanceArgs {
  const { zones, subnetId, instanceProfile } = ownSettings(settings);
  const zone = settings.zone ?? zones?.[0];
  return {
    instanceType: plan.typeOf(settings).name,
    // Without either, EC2 takes a default subnet in a zone that has capacity.
    ...(zone !== undefined && subnetId === undefined ? { availabilityZone: zone } : {}),
    // Default subnets give a public address by themselves; the provider heeds the flag with a subnet only.
    ...(subnetId === undefined ? {} : { subnetId, associatePublicIpAddress: true }),
    ...(plan.wantsNesting(settings) ? { cpuOptions: { nestedVirtualization: "enabled" } } : {}),
    ...(settings.spot
      ? {
          instanceMarketOptions: {
            marketType: "spot",
            // A persistent request would start another machine after this one.
            spotOptions: { spotInstanceType: "one-time", instanceInterruptionBehavior: "terminate" },
          },
        }
      : {}),
    ...(instanceProfile !== undefined && settings.registry ? { iamInstanceProfile: instanceProfile } : {}),
    metadataOptions: {
      httpEndpoint: "enabled",
      httpTokens: "required",
      // What runs in a container or in a guest of the guest is one hop further away.
      httpPutResponseHopLimit: 1,
      instanceMetadataTags: "disabled",
    },
    rootBlockDevice: {
      volumeType: "gp3",
      volumeSize: settings.diskGiB,
      encrypted: true,
      deleteOnTermination: true,
    },
  };
}

/** A machine on EC2, with everything that is there for it alone. */
export class Ec2Machine extends pulumi.ComponentResource {
  readonly instance: Instance;
  /** Version of the image that it was made of, whatever is promoted by now. */
  readonly imageVersion: pulumi.Output<string>;

  constructor(name: string, args: MachineArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kmvm:aws:Machine", name, {}, opts);
    const { settings, runId, createdAt, expiresAt, owner, backendHash } = args;
    const own = ownSettings(settings);
    const stack = settings.stack.full;
    const child = { parent: this, provider: regionProvider(name, own, this) };
    const machineTags = pulumi.output({
      ...{ project: ourProject, stack, runId, createdAt, expiresAt, owner, backendHash },
    });
    const tags = machineTags.apply(toTags);
    const resourceName = pulumi.output(runId).apply((id) => plan.resourceName(stack, id));

    const group = securityGroup(name, { settings, groupName: resourceName, tags }, child);

    // RunInstances can tag network interfaces, but the provider's Instance has nothing to say so with: a launch template
    // does (docs.aws.amazon.com/AWSEC2/latest/APIReference/API_LaunchTemplateTagSpecificationRequest.html,
    // github.com/hashicorp/terraform-provider-aws/issues/19140). What a shutdown by the guest does is said there, too: an
    // Instance that says it is modified once more when it runs, for which one must be allowed to modify instances
    // (internal/service/ec2/ec2_instance.go of that provider, resourceInstanceUpdate).
    const template = new LaunchTemplate(
      `${name}-template`,
      {
        name: resourceName,
        instanceInitiatedShutdownBehavior: "terminate",
        tagSpecifications: ["network-interface", ...(settings.spot ? ["spot-instances-request"] : [])].map(
          (resourceType) => ({ resourceType, tags }),
        ),
        tags,
      },
      child,
    );

    // What is promoted later is no change of this machine, nor of one that takes its place for another reason.
    // Not by ignoreChanges: the engine leaves a tag that it ignores also in a replacement as it was.
    const pinned = new Pinned(
      `${name}-image`,
      {
        subject: settings.image,
        current: pulumi.output(resolveImage(settings.image, own, this, child.provider)).apply(pinText),
      },
      { parent: this },
    );
    const image = pinned.value.apply(pinnedImage);
    this.imageVersion = image.version;
    this.instance = new Instance(
      `${name}-instance`,
      {
        ...instanceSettings(settings),
        ami: image.ami,
        launchTemplate: { id: template.id, version: template.latestVersion.apply(String) },
        vpcSecurityGroupIds: [group.id],
        userData: pulumi.secret(
          pulumi
            .output({
              authorizedKey: args.authorizedKey,
              // Not as a whole: the keys may be outputs of a resource, which would stay one.
              hostKey: { privateKey: args.hostKey.privateKey, publicKey: args.hostKey.publicKey },
              hostname: stack,
              expiresAt,
            })
            .apply((data) => userData({ user: plan.user, timeServer: plan.timeServer, ...data })),
        ),
        userDataReplaceOnChange: true,
        tags: pulumi
          .output({ tags, version: image.version })
          .apply(({ tags: common, version }) => ({ ...common, [imageTagNames.version]: version })),
        // In the creating call; tags of rootBlockDevice would be set after it.
        volumeTags: tags,
      },
      {
        ...child,
        // A stopped machine has no public address, which would replace it
        // (github.com/hashicorp/terraform-provider-aws/issues/33775).
        ignoreChanges: ["associatePublicIpAddress"],
        // Nothing in a machine is worth two of them at once, which would need twice the quota.
        deleteBeforeReplace: true,
        // The provider would stop the machine and change it, or its disk: it would not be a fresh one. Of a profile it would
        // need more rights.
        replaceOnChanges: ["instanceType", "cpuOptions", "rootBlockDevice", "iamInstanceProfile"],
        customTimeouts: { create: "15m", delete: "20m" },
      },
    );

    // The machine's own timer ends it first; this holds for a guest that hangs, when we are gone as well.
    new Schedule(
      `${name}-expiry`,
      {
        name: resourceName,
        description: machineTags.apply(plan.scheduleDescription),
        scheduleExpression: pulumi.output(expiresAt).apply(plan.scheduleExpression),
        scheduleExpressionTimezone: "UTC",
        flexibleTimeWindow: { mode: "OFF" },
        actionAfterCompletion: "DELETE",
        target: {
          arn: plan.terminateTarget(own.scheduleRoleArn),
          roleArn: own.scheduleRoleArn,
          input: this.instance.id.apply((id) => JSON.stringify({ InstanceIds: [id] })),
          retryPolicy: { maximumEventAgeInSeconds: 86400, maximumRetryAttempts: 185 },
        },
      },
      child,
    );
    this.registerOutputs({ id: this.instance.id, imageVersion: this.imageVersion });
  }
}
