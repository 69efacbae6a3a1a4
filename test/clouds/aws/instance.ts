import type * as aws from "@pulumi/aws/ec2";
import type { ec2 } from "@pulumi/aws/types/input";
import { HalfMade } from "../../../plugin/resource";
import type { Properties } from "../../../plugin/values";
import { messageOf } from "../../../lib/errors";
import { tableOf, type Mistake } from "../lib/property";
import type { RehearsedType } from "../lib/rehearsed";
import { arn, refuseBadTags, type Account, type Tags } from "./account";
import { ApiError, providerText, type Operation } from "./api-error";
import {
  changeInstance,
  instances,
  networkInterfaces,
  volumes,
  type Instance,
  type NetworkInterface,
  type Volume,
} from "./instance-model";
import { bootNewInstance, terminateInstance } from "./instance-power";
import { providerCall } from "./provider-call";
import { runInstance, type RunParameters } from "./run-instance";
import { securityGroups, type SecurityGroup } from "./security-group";

/**
 * `replaces` where the provider has ForceNew.
 * @see https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ec2/ec2_instance.go
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html ranges and choices
 */
const inputs = tableOf<aws.InstanceArgs>({
  ami: { kind: "text", required: true, replaces: true },
  instanceType: { kind: "text", required: true },
  associatePublicIpAddress: { kind: "flag", replaces: true },
  availabilityZone: { kind: "text", replaces: true },
  subnetId: { kind: "text", replaces: true },
  vpcSecurityGroupIds: { kind: "texts", max: 16 },
  instanceInitiatedShutdownBehavior: { kind: "choice", of: ["stop", "terminate"] },
  userData: { kind: "text" },
  userDataBase64: { kind: "text", pattern: /^[A-Za-z0-9+/]*={0,2}$/, allowed: "base64" },
  userDataReplaceOnChange: { kind: "flag" },
  tags: { kind: "tags" },
  volumeTags: { kind: "tags" },
  region: { kind: "text", replaces: true },
  ebsOptimized: { kind: "flag" },
  monitoring: { kind: "flag" },
  iamInstanceProfile: { kind: "text" },
  disableApiTermination: { kind: "flag" },
  launchTemplate: {
    kind: "object",
    replaces: true,
    of: tableOf<ec2.InstanceLaunchTemplate>({
      id: { kind: "text" },
      name: { kind: "text" },
      version: { kind: "text" },
    }),
  },
  cpuOptions: {
    kind: "object",
    replaces: true,
    of: tableOf<ec2.InstanceCpuOptions>({ nestedVirtualization: { kind: "choice", of: ["enabled", "disabled"] } }),
  },
  metadataOptions: {
    kind: "object",
    of: tableOf<ec2.InstanceMetadataOptions>({
      httpEndpoint: { kind: "choice", of: ["enabled", "disabled"] },
      httpTokens: { kind: "choice", of: ["optional", "required"] },
      httpPutResponseHopLimit: { kind: "number", min: 1, max: 64 },
      httpProtocolIpv6: { kind: "choice", of: ["enabled", "disabled"] },
      instanceMetadataTags: { kind: "choice", of: ["enabled", "disabled"] },
    }),
  },
  rootBlockDevice: {
    kind: "object",
    of: tableOf<ec2.InstanceRootBlockDevice>({
      deleteOnTermination: { kind: "flag" },
      encrypted: { kind: "flag", replaces: true },
      volumeSize: { kind: "number", min: 1, max: 65536 },
      volumeType: { kind: "choice", of: ["standard", "gp2", "gp3", "io1", "io2", "sc1", "st1"] },
      iops: { kind: "number", min: 100, max: 80000 },
      throughput: { kind: "number", min: 125, max: 2000 },
      tags: { kind: "tags" },
    }),
  },
  instanceMarketOptions: {
    kind: "object",
    replaces: true,
    of: tableOf<ec2.InstanceInstanceMarketOptions>({
      marketType: { kind: "choice", of: ["spot", "capacity-block", "interruptible-capacity-reservation"] },
      spotOptions: {
        kind: "object",
        of: tableOf<ec2.InstanceInstanceMarketOptionsSpotOptions>({
          instanceInterruptionBehavior: { kind: "choice", of: ["hibernate", "stop", "terminate"] },
          maxPrice: { kind: "text" },
          spotInstanceType: { kind: "choice", of: ["one-time", "persistent"] },
        }),
      },
    }),
  },
});

type Given = Readonly<Record<string, unknown>>;
const part = (given: Given, name: string): Given => (given[name] ?? {}) as Given;

function rules(given: Properties): Mistake[] {
  const mistakes: Mistake[] = [];
  if (given["userData"] !== undefined && given["userDataBase64"] !== undefined)
    mistakes.push({ path: "userData", reason: `"userData": conflicts with userDataBase64` });
  const root = part(given, "rootBlockDevice");
  // https://github.com/hashicorp/terraform-provider-aws, ec2_instance.go: "volume_tags" and tags of a block device conflict
  if (given["volumeTags"] !== undefined && root["tags"] !== undefined)
    mistakes.push({ path: "volumeTags", reason: `"volumeTags": conflicts with rootBlockDevice.tags` });
  // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EbsBlockDevice.html Throughput: valid only for gp3
  if (root["throughput"] !== undefined && root["volumeType"] !== "gp3")
    mistakes.push({ path: "rootBlockDevice.throughput", reason: "throughput is for gp3 volumes only" });
  return mistakes;
}

/** The parameters of RunInstances that the provider makes of the resource's inputs. */
export function parametersOf(given: Properties): RunParameters {
  const root = part(given, "rootBlockDevice");
  const metadata = part(given, "metadataOptions");
  const base64 = given["userDataBase64"];
  return {
    imageId: String(given["ami"]),
    instanceType: String(given["instanceType"]),
    subnetId: given["subnetId"] as string | undefined,
    zone: given["availabilityZone"] as string | undefined,
    groups: (given["vpcSecurityGroupIds"] ?? []) as string[],
    // Default subnets give one: https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc-components.html
    publicIp: (given["associatePublicIpAddress"] ?? true) as boolean,
    shutdownBehavior: given["instanceInitiatedShutdownBehavior"] as RunParameters["shutdownBehavior"],
    spot: part(given, "instanceMarketOptions")["marketType"] === "spot",
    nested: part(given, "cpuOptions")["nestedVirtualization"] === "enabled",
    userData:
      base64 === undefined ? ((given["userData"] ?? "") as string) : Buffer.from(base64 as string, "base64").toString(),
    metadata: {
      // What the image or the account says where the call does not is not played: the old default.
      tokens: (metadata["httpTokens"] ?? "optional") as "optional" | "required",
      hopLimit: (metadata["httpPutResponseHopLimit"] ?? 1) as number,
    },
    volume: {
      type: (root["volumeType"] ?? "gp2") as string,
      encrypted: (root["encrypted"] ?? false) as boolean,
      deleteOnTermination: (root["deleteOnTermination"] ?? true) as boolean,
      sizeGiB: root["volumeSize"] as number | undefined,
    },
    tags: (given["tags"] ?? {}) as Tags,
    volumeTags: (given["volumeTags"] ?? root["tags"] ?? {}) as Tags,
    launchTemplate: given["launchTemplate"] as RunParameters["launchTemplate"],
  };
}

export function instanceOutputs({ store }: Account, instance: Instance, given: Properties): Properties {
  const volume = store.get<Volume>(volumes, instance.volumeId);
  const card = store.get<NetworkInterface>(networkInterfaces, instance.networkInterfaceId);
  return {
    ...given,
    arn: arn("ec2", `instance/${instance.id}`),
    ami: instance.imageId,
    instanceType: instance.instanceType,
    instanceState: instance.state,
    instanceLifecycle: instance.spot ? "spot" : "",
    instanceInitiatedShutdownBehavior: instance.shutdownBehavior,
    availabilityZone: instance.zone,
    subnetId: instance.subnetId,
    privateIp: instance.privateIp,
    publicIp: instance.publicIp ?? "",
    publicDns: "",
    primaryNetworkInterfaceId: instance.networkInterfaceId,
    vpcSecurityGroupIds: card?.groups ?? [],
    rootBlockDevice: {
      ...part(given, "rootBlockDevice"),
      volumeId: instance.volumeId,
      volumeSize: volume?.sizeGiB,
      volumeType: volume?.type,
      encrypted: volume?.encrypted,
      deleteOnTermination: volume?.deleteOnTermination,
      deviceName: "/dev/xvda",
    },
    tags: instance.tags,
    tagsAll: instance.tags,
  };
}

/** Properties whose change in place is played. */
const changeable = new Set(["tags", "volumeTags", "vpcSecurityGroupIds", "instanceInitiatedShutdownBehavior"]);
/**
 * What the provider changes by stopping the instance, or by modifying its volume, unless the program asks for another
 * instance (pulumi.com/registry/packages/aws/api-docs/ec2/instance, "instanceType").
 */
const changedInPlace = ["instanceType", "rootBlockDevice"];

const modify: Operation = { service: "EC2", name: "ModifyInstanceAttribute" };
/** As docs/aws-policy.json has it: nobody may. */
const mayNotModify = new ApiError(
  "UnauthorizedOperation",
  "You are not authorized to perform: ec2:ModifyInstanceAttribute",
);

const terminate: Operation = { service: "EC2", name: "TerminateInstances" };
const mayNotTerminate = new ApiError(
  "UnauthorizedOperation",
  "You are not authorized to perform this operation. User: arn:aws:iam::123456789012:user/ci is not authorized to perform: ec2:TerminateInstances",
  403,
);

export function instance(account: Account): RehearsedType {
  const { store } = account;
  const update = (id: string, olds: Properties, news: Properties): Promise<Properties> =>
    providerCall(account, `updating EC2 Instance (${id})`, modify, () => {
      const { tags, volumeTags, groups, shutdownBehavior: behavior } = parametersOf(news);
      [tags, volumeTags].forEach(refuseBadTags);
      const known = store.get<Instance>(instances, id);
      if (changedInPlace.some((name) => JSON.stringify(olds[name]) !== JSON.stringify(news[name]))) throw mayNotModify;
      if (!known) throw new ApiError("InvalidInstanceID.NotFound", `The instance ID '${id}' does not exist`);
      const shutdownBehavior = behavior ?? known.shutdownBehavior;
      changeInstance(account, id, { tags, shutdownBehavior });
      const volume = store.get<Volume>(volumes, known.volumeId);
      if (volume) store.put(volumes, { ...volume, tags: volumeTags } as Volume);
      const card = store.get<NetworkInterface>(networkInterfaces, known.networkInterfaceId);
      if (groups.some((group) => !store.get<SecurityGroup>(securityGroups, group)))
        throw new ApiError("InvalidGroup.NotFound", "The security group does not exist");
      if (card) store.put(networkInterfaces, { ...card, groups } as NetworkInterface);
      return instanceOutputs(account, { ...known, tags, shutdownBehavior }, news);
    });
  return {
    inputs,
    rules,
    // What would be done with userDataReplaceOnChange is always done here.
    replaces: (olds, news) =>
      Object.keys({ ...olds, ...news }).filter((name) => !changeable.has(name) && !changedInPlace.includes(name)),
    async create(given) {
      const operation = { service: "EC2", name: "RunInstances" };
      const parameters = parametersOf(given);
      const made = await providerCall(account, "creating EC2 Instance", operation, () => {
        if (Object.keys(parameters.tags).length > 0) account.call("ec2:CreateTags");
        return runInstance(account, parameters);
      });
      const outputs = (): Properties =>
        instanceOutputs(account, store.get<Instance>(instances, made.id) ?? made, given);
      account.call("ec2:DescribeInstances");
      // The provider says it once more when the instance is there: resourceInstanceUpdate of ec2_instance.go.
      if (parameters.shutdownBehavior !== undefined) {
        account.call("ec2:ModifyInstanceAttribute");
        const text = providerText(`creating EC2 Instance (${made.id})`, modify, mayNotModify);
        throw new HalfMade(made.id, outputs(), [text]);
      }
      await bootNewInstance(account, made).catch((error: unknown) => {
        throw new HalfMade(made.id, outputs(), [
          `waiting for EC2 Instance (${made.id}) create: unexpected state 'terminated': ${messageOf(error)}`,
        ]);
      });
      return { id: made.id, properties: outputs() };
    },
    read(id, outputs) {
      account.call("ec2:DescribeInstances");
      const found = store.get<Instance>(instances, id);
      return Promise.resolve(
        found && found.state !== "terminated" ? instanceOutputs(account, found, outputs) : undefined,
      );
    },
    update,
    async delete(id) {
      account.call("ec2:TerminateInstances");
      // An hour after its end EC2 has forgotten it, its tags among that, by which docs/aws-policy.json allows the call.
      if (!store.get<Instance>(instances, id))
        throw new Error(providerText(`terminating EC2 Instance (${id})`, terminate, mayNotTerminate));
      await terminateInstance(account, id, "Client.UserInitiatedShutdown: User initiated shutdown");
    },
  };
}
