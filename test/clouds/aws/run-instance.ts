import type { Thing } from "../lib/store";
import { randomHex } from "../lib/rehearsed";
import { newId, refuseBadTags, type Account, type Tags } from "./account";
import { ApiError } from "./api-error";
import { instanceTypes, quotas, subnets, vpcId, type QuotaCode } from "./facts";
import type { Image, Snapshot } from "./image-model";
import { images, snapshots } from "./image-model";
import { templateOf, type ShutdownBehavior } from "./launch-template";
import {
  instances,
  networkInterfaces,
  volumes,
  type Instance,
  type NetworkInterface,
  type Volume,
} from "./instance-model";
import { securityGroups, type SecurityGroup } from "./security-group";

/** Parameters of RunInstances, as far as they are played. */
export interface RunParameters {
  readonly imageId: string;
  readonly instanceType: string;
  readonly subnetId: string | undefined;
  readonly zone: string | undefined;
  readonly groups: readonly string[];
  readonly publicIp: boolean;
  /** undefined: as the launch template says, else `stop`. */
  readonly shutdownBehavior: ShutdownBehavior | undefined;
  readonly spot: boolean;
  readonly nested: boolean;
  readonly userData: string;
  readonly metadata: Instance["metadata"];
  readonly volume: Pick<Volume, "type" | "encrypted" | "deleteOnTermination"> & {
    readonly sizeGiB: number | undefined;
  };
  readonly tags: Tags;
  readonly volumeTags: Tags;
  readonly launchTemplate: { readonly id?: string; readonly name?: string; readonly version?: string } | undefined;
}

const standard = /^[acdhimrtz]\d/;
const alive = ({ state }: Instance): boolean => state !== "terminated" && state !== "stopped";

/** vCPU that count against a quota. */
export function vcpusInUse({ store }: Account, code: QuotaCode): number {
  return store
    .list<Instance>(instances)
    .filter((one) => alive(one) && one.spot === (code === "L-34B43A08") && standard.test(one.instanceType))
    .reduce((sum, one) => sum + (instanceTypes[one.instanceType]?.vcpus ?? 0), 0);
}

export function quotaValue({ store }: Account, code: QuotaCode): number {
  return store.get<Thing & { value: number }>("quota", code)?.value ?? quotas[code].value;
}

/** @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html VcpuLimitExceeded, MaxSpotInstanceCountExceeded */
function refuseOverQuota(account: Account, { instanceType, spot }: RunParameters, vcpus: number): void {
  const code = spot ? "L-34B43A08" : "L-1216C47A";
  const limit = quotaValue(account, code);
  if (vcpusInUse(account, code) + vcpus <= limit) return;
  if (spot) throw new ApiError("MaxSpotInstanceCountExceeded", "Max spot instance count exceeded");
  throw new ApiError(
    "VcpuLimitExceeded",
    `You have requested more vCPU capacity than your current vCPU limit of ${limit} allows for the instance bucket that the specified instance type ${instanceType} belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.`,
  );
}

/** Zones that have none of a type left, `m8i.large us-west-2a`, as tests set them up. */
const exhausted = ({ store }: Account, type: string, zone: string): boolean =>
  store.get("exhausted", `${type} ${zone}`) !== undefined;

function placeOf({ subnetId, zone }: RunParameters) {
  const subnet =
    subnetId === undefined
      ? subnets.find((one) => one.zone === (zone ?? one.zone))
      : subnets.find(({ id }) => id === subnetId);
  if (!subnet)
    throw subnetId === undefined
      ? new ApiError("InvalidParameterValue", `Invalid availability zone: [${zone ?? ""}]`)
      : new ApiError("InvalidSubnetID.NotFound", `The subnet ID '${subnetId}' does not exist`);
  // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html: a subnet decides the zone.
  if (zone !== undefined && subnet.zone !== zone)
    throw new ApiError("InvalidParameterValue", `The availability zone of the subnet is not ${zone}`);
  return subnet;
}

function typeOf(account: Account, parameters: RunParameters, zone: string) {
  const { instanceType, nested, spot } = parameters;
  const type = instanceTypes[instanceType];
  if (!type) throw new ApiError("InvalidParameterValue", `Invalid value '${instanceType}' for InstanceType.`);
  // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/amazon-ec2-nested-virtualization.html: C8i, M8i, R8i only.
  if (nested && !type.nested)
    throw new ApiError(
      "UnsupportedOperation",
      `Nested virtualization is not supported for the instance type '${instanceType}'.`,
    );
  // Whether Spot takes nested virtualisation is not documented: an account where it does not is the harder one.
  if (nested && spot && account.store.get("policy", "spot-with-nested") === undefined)
    throw new ApiError("UnsupportedOperation", "Nested virtualization is not supported with Spot Instances.");
  refuseOverQuota(account, parameters, type.vcpus);
  if (exhausted(account, instanceType, zone))
    // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html#CommonErrors InsufficientInstanceCapacity
    throw new ApiError(
      "InsufficientInstanceCapacity",
      `We currently do not have sufficient ${instanceType} capacity in the Availability Zone you requested (${zone}). Our system will be working on provisioning additional capacity.`,
      500,
    );
}

function imageOf({ store }: Account, imageId: string): { image: Image; snapshot: Snapshot } {
  if (!/^ami-[0-9a-f]{17}$/.test(imageId))
    throw new ApiError("InvalidAMIID.Malformed", `Invalid id: "${imageId}" (expecting "ami-...")`);
  const image = store.get<Image>(images, imageId);
  const snapshot = image && store.get<Snapshot>(snapshots, image.snapshotId);
  if (!image || !snapshot) throw new ApiError("InvalidAMIID.NotFound", `The image id '[${imageId}]' does not exist`);
  return { image, snapshot };
}

function refuseBadGroups({ store }: Account, groups: readonly string[]): void {
  for (const id of groups) {
    const group = store.get<SecurityGroup>(securityGroups, id);
    if (!group) throw new ApiError("InvalidGroup.NotFound", `The security group '${id}' does not exist`);
    if (group.vpcId !== vpcId)
      throw new ApiError("InvalidParameter", `Security group ${id} and subnet belong to different networks.`);
  }
}

/**
 * One transaction of RunInstances: everything that can be refused is refused before anything is made.
 * @throws ApiError
 */
export function runInstance(account: Account, parameters: RunParameters): Instance {
  const { store } = account;
  const { image, snapshot } = imageOf(account, parameters.imageId);
  const subnet = placeOf(parameters);
  refuseBadGroups(account, parameters.groups);
  // The provider has no other way to tag a network interface in the call.
  const template = templateOf(account, parameters.launchTemplate);
  const ofInterfaces = template?.tagSpecifications.find(({ resourceType }) => resourceType === "network-interface");
  for (const tags of [parameters.tags, parameters.volumeTags]) refuseBadTags(tags);
  // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html: 16 KB, in raw form, before it is encoded.
  if (Buffer.byteLength(parameters.userData) > 16384)
    throw new ApiError("InvalidParameterValue", "User data is limited to 16384 bytes");
  const sizeGiB = parameters.volume.sizeGiB ?? snapshot.sizeGiB;
  if (sizeGiB < snapshot.sizeGiB)
    throw new ApiError(
      "InvalidBlockDeviceMapping",
      `Volume of size ${sizeGiB}GB is smaller than snapshot '${snapshot.id}', expect size >= ${snapshot.sizeGiB}GB`,
    );
  // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/launch-instance-boot-mode.html
  if (
    image.bootMode === "uefi" &&
    (/^(t2|m4|c4)\./.test(parameters.instanceType) || instanceTypes[parameters.instanceType]?.bareMetal)
  )
    throw new ApiError("InvalidParameterCombination", "The instance type does not support the boot mode uefi.");
  typeOf(account, parameters, subnet.zone);

  const id = newId("i");
  const volume: Volume = {
    ...parameters.volume,
    id: newId("vol"),
    instanceId: id,
    sizeGiB,
    tags: parameters.volumeTags,
  };
  const card: NetworkInterface = {
    id: newId("eni"),
    instanceId: id,
    groups: parameters.groups,
    // Locally administered, so that it is nobody's.
    mac: `06:${randomHex(10).replace(/(..)(?=.)/g, "$1:")}`,
    subnetId: subnet.id,
    tags: ofInterfaces?.tags ?? {},
  };
  const instance: Instance = {
    id,
    state: "pending",
    stateReason: "",
    imageId: image.id,
    instanceType: parameters.instanceType,
    subnetId: subnet.id,
    zone: subnet.zone,
    privateIp: "169.254.0.15",
    publicIp: parameters.publicIp ? freeAddress(account) : undefined,
    networkInterfaceId: card.id,
    volumeId: volume.id,
    shutdownBehavior: parameters.shutdownBehavior ?? template?.shutdownBehavior ?? "stop",
    spot: parameters.spot,
    nested: parameters.nested,
    userData: parameters.userData,
    metadata: parameters.metadata,
    launchTime: new Date().toISOString(),
    tags: parameters.tags,
    clientToken: undefined,
  };
  store.put(volumes, volume);
  store.put(networkInterfaces, card);
  store.put(instances, instance);
  return instance;
}

/** A loopback address that no instance of the account has. 127.0 and 127.1 are left to others. */
export function freeAddress({ store }: Account): string {
  const taken = new Set(store.list<Instance>(instances).map(({ publicIp }) => publicIp));
  for (;;) {
    const [a = 0, b = 0, c = 0] = Buffer.from(randomHex(6), "hex");
    const address = `127.${2 + (a % 250)}.${b}.${1 + (c % 254)}`;
    if (!taken.has(address)) return address;
  }
}
