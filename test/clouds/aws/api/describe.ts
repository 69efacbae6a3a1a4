import type { Account, Tags } from "../account";
import { ApiError } from "../api-error";
import { accountId, instanceTypes, region, subnets, vpcId } from "../facts";
import { images, importTasks, snapshots, type Image, type ImportTask, type Snapshot } from "../image-model";
import {
  instances,
  networkInterfaces,
  volumes,
  type Instance,
  type InstanceState,
  type NetworkInterface,
  type Volume,
} from "../instance-model";
import { launchTemplates, type LaunchTemplate } from "../launch-template";
import { securityGroups, type SecurityGroup } from "../security-group";
import type { Query, Value } from "./wire";

/** @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceState.html */
const stateCodes: Readonly<Record<InstanceState, number>> = {
  pending: 0,
  running: 16,
  "shutting-down": 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};

export const stateOf = (state: InstanceState): Value => ({ code: stateCodes[state], name: state });

const tagSet = (tags: Tags): Value => Object.entries(tags).map(([key, value]) => ({ key, value }));

/** One thing of an answer: what it looks like, and what filters can ask of it. */
interface Row {
  readonly id: string;
  readonly tags: Tags;
  readonly facts: Readonly<Record<string, string>>;
  readonly value: Value;
}

function instanceRow({ store }: Account, one: Instance): Row {
  const vcpus = instanceTypes[one.instanceType]?.vcpus ?? 2;
  const card = store.get<NetworkInterface>(networkInterfaces, one.networkInterfaceId);
  return {
    ...{ id: one.id, tags: one.tags },
    facts: { "instance-state-name": one.state, "instance-id": one.id, "instance-type": one.instanceType },
    value: {
      reservationId: `r-${one.id.slice(2)}`,
      ownerId: accountId,
      instancesSet: [
        {
          instanceId: one.id,
          imageId: one.imageId,
          instanceState: stateOf(one.state),
          stateReason:
            one.stateReason === "" ? undefined : { code: one.stateReason.split(":")[0], message: one.stateReason },
          instanceType: one.instanceType,
          instanceLifecycle: one.spot ? "spot" : undefined,
          launchTime: one.launchTime,
          placement: { availabilityZone: one.zone, tenancy: "default" },
          privateIpAddress: one.privateIp,
          // A stopped instance has none: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-instance-addressing.html
          ipAddress: one.state === "pending" || one.state === "running" ? one.publicIp : undefined,
          subnetId: one.subnetId,
          vpcId,
          cpuOptions: { coreCount: vcpus / 2, threadsPerCore: 2 },
          groupSet: (card?.groups ?? []).map((groupId) => ({ groupId })),
          tagSet: tagSet(one.tags),
        },
      ],
    },
  };
}

interface Description {
  /** Name of the list in the answer, and of the list of ids in the request. */
  readonly set: string;
  readonly ids: string;
  readonly notFound: string;
  /** The reference has no filter by tags for it. @default it has */
  readonly noTagFilters?: true;
  rows(account: Account): Row[];
}

/** Action -> what it lists. */
const descriptions: Readonly<Record<string, Description>> = {
  DescribeInstances: {
    ...{ set: "reservationSet", ids: "InstanceId", notFound: "InvalidInstanceID.NotFound" },
    rows: (account) => account.store.list<Instance>(instances).map((one) => instanceRow(account, one)),
  },
  DescribeVolumes: {
    ...{ set: "volumeSet", ids: "VolumeId", notFound: "InvalidVolume.NotFound" },
    rows: ({ store }) =>
      store.list<Volume>(volumes).map(({ id, sizeGiB, type, encrypted, instanceId, tags }) => {
        const status = instanceId === undefined ? "available" : "in-use";
        const value = { volumeId: id, size: sizeGiB, volumeType: type, encrypted, status, tagSet: tagSet(tags) };
        return { id, tags, facts: { status, "volume-id": id }, value };
      }),
  },
  DescribeNetworkInterfaces: {
    ...{ set: "networkInterfaceSet", ids: "NetworkInterfaceId", notFound: "InvalidNetworkInterfaceID.NotFound" },
    rows: ({ store }) =>
      store.list<NetworkInterface>(networkInterfaces).map(({ id, instanceId, mac, subnetId, tags }) => {
        const status = instanceId === undefined ? "available" : "in-use";
        const value = { networkInterfaceId: id, status, macAddress: mac, subnetId, tagSet: tagSet(tags) };
        return { id, tags, facts: { status, "network-interface-id": id }, value };
      }),
  },
  DescribeSecurityGroups: {
    ...{ set: "securityGroupInfo", ids: "GroupId", notFound: "InvalidGroup.NotFound" },
    rows: ({ store }) =>
      store.list<SecurityGroup>(securityGroups).map(({ id, name, description, tags, vpcId: vpc }) => ({
        ...{ id, tags, facts: { "group-id": id, "group-name": name, "vpc-id": vpc } },
        value: { groupId: id, groupName: name, groupDescription: description, vpcId: vpc, tagSet: tagSet(tags) },
      })),
  },
  DescribeLaunchTemplates: {
    ...{ set: "launchTemplates", ids: "LaunchTemplateId", notFound: "InvalidLaunchTemplateId.NotFound" },
    rows: ({ store }) =>
      store.list<LaunchTemplate>(launchTemplates).map(({ id, name, version, tags }) => ({
        ...{ id, tags, facts: { "launch-template-name": name } },
        value: {
          launchTemplateId: id,
          launchTemplateName: name,
          latestVersionNumber: version,
          defaultVersionNumber: 1,
          tagSet: tagSet(tags),
        },
      })),
  },
  DescribeImages: {
    ...{ set: "imagesSet", ids: "ImageId", notFound: "InvalidAMIID.NotFound" },
    rows: ({ store }) =>
      store.list<Image>(images).map((one) => ({
        ...{ id: one.id, tags: one.tags },
        facts: {
          ...{ name: one.name, "image-id": one.id, state: "available", "owner-id": accountId },
          "block-device-mapping.snapshot-id": one.snapshotId,
        },
        value: {
          imageId: one.id,
          name: one.name,
          description: one.description,
          imageState: "available",
          imageOwnerId: accountId,
          isPublic: false,
          bootMode: one.bootMode,
          creationDate: one.createdAt,
          rootDeviceName: one.rootDeviceName,
          blockDeviceMapping: [{ deviceName: one.rootDeviceName, ebs: { snapshotId: one.snapshotId } }],
          tagSet: tagSet(one.tags),
        },
      })),
  },
  DescribeSnapshots: {
    ...{ set: "snapshotSet", ids: "SnapshotId", notFound: "InvalidSnapshot.NotFound" },
    rows: ({ store }) =>
      store.list<Snapshot>(snapshots).map(({ id, sizeGiB, encrypted, createdAt, description, tags }) => ({
        ...{ id, tags, facts: { "snapshot-id": id, status: "completed" } },
        value: {
          snapshotId: id,
          status: "completed",
          volumeSize: sizeGiB,
          encrypted,
          startTime: createdAt,
          description,
          ownerId: accountId,
          tagSet: tagSet(tags),
        },
      })),
  },
  DescribeImportSnapshotTasks: {
    ...{ set: "importSnapshotTaskSet", ids: "ImportTaskId", notFound: "InvalidConversionTaskId.Malformed" },
    noTagFilters: true,
    rows: ({ store }) =>
      store.list<ImportTask>(importTasks).map(({ id, state, description, snapshotId, tags }) => ({
        ...{ id, tags, facts: { "task-state": state } },
        value: {
          importTaskId: id,
          description,
          snapshotTaskDetail: { status: state, snapshotId, format: "VMDK" },
          tagSet: tagSet(tags),
        },
      })),
  },
  DescribeSubnets: {
    ...{ set: "subnetSet", ids: "SubnetId", notFound: "InvalidSubnetID.NotFound" },
    rows: () =>
      subnets.map(({ id, zone, cidrBlock }) => ({
        ...{
          id,
          tags: {},
          facts: { "subnet-id": id, "vpc-id": vpcId, "availability-zone": zone, "default-for-az": "true" },
        },
        value: {
          subnetId: id,
          vpcId,
          availabilityZone: zone,
          cidrBlock,
          defaultForAz: true,
          mapPublicIpOnLaunch: true,
          state: "available",
        },
      })),
  },
  DescribeVpcs: {
    ...{ set: "vpcSet", ids: "VpcId", notFound: "InvalidVpcID.NotFound" },
    rows: () => [
      {
        ...{ id: vpcId, tags: {}, facts: { "vpc-id": vpcId, "is-default": "true", isDefault: "true" } },
        value: { vpcId, isDefault: true, cidrBlock: "172.31.0.0/16", state: "available" },
      },
    ],
  },
  DescribeRegions: {
    ...{ set: "regionInfo", ids: "RegionName", notFound: "InvalidParameterValue" },
    rows: () => [
      {
        ...{ id: region, tags: {}, facts: { "region-name": region } },
        value: {
          regionName: region,
          regionEndpoint: `ec2.${region}.amazonaws.com`,
          optInStatus: "opt-in-not-required",
        },
      },
    ],
  },
  DescribeInstanceTypeOfferings: {
    ...{ set: "instanceTypeOfferingSet", ids: "none", notFound: "InvalidParameterValue" },
    rows: () =>
      subnets.flatMap(({ zone }) =>
        Object.keys(instanceTypes).map((type) => ({
          ...{ id: `${type} ${zone}`, tags: {}, facts: { "instance-type": type, location: zone } },
          value: { instanceType: type, locationType: "availability-zone", location: zone },
        })),
      ),
  },
};

export const isDescription = (action: string): boolean => action in descriptions;

/** @throws for a filter that is not played: answering as if it were not there would be a lie */
function passes({ tags, facts }: Row, query: Query, { noTagFilters }: Description): boolean {
  return query.filters().every(({ name, values }) => {
    if (noTagFilters && name.startsWith("tag")) throw new Error(`the rehearsal does not play the filter ${name} here`);
    if (name === "tag-key") return values.some((value) => value in tags);
    const fact = name.startsWith("tag:") ? tags[name.slice(4)] : facts[name];
    if (fact === undefined && !name.startsWith("tag:"))
      throw new Error(`the rehearsal does not play the filter ${name}`);
    return fact !== undefined && values.includes(fact);
  });
}

/**
 * A page of a list.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html#api-pagination MaxResults from 5 to 1000, not together with ids
 */
export function describe(account: Account, action: string, query: Query): Value {
  const description = descriptions[action];
  if (!description) throw new ApiError("InvalidAction", `The action ${action} is not valid for this web service.`);
  const ids = query.list(description.ids);
  const most = Number(query.text("MaxResults") ?? 1000);
  if (query.text("MaxResults") !== undefined && (most < 5 || most > 1000))
    throw new ApiError(
      "InvalidParameterValue",
      `Value ( ${most} ) for parameter maxResults is invalid. Expecting a value between 5 and 1000.`,
    );
  if (ids.length > 0 && query.text("MaxResults") !== undefined)
    throw new ApiError(
      "InvalidParameterCombination",
      `The parameter ${description.ids} cannot be used with the parameter maxResults`,
    );
  const all = description.rows(account);
  const missing = ids.find((id) => !all.some((row) => row.id === id));
  if (missing !== undefined) throw new ApiError(description.notFound, `The ID '${missing}' does not exist`);
  const rows = all.filter((row) => (ids.length === 0 || ids.includes(row.id)) && passes(row, query, description));
  const from = Number(Buffer.from(query.text("NextToken") ?? "", "base64url").toString() || 0);
  const page = rows.slice(from, from + most);
  const next = from + most < rows.length ? Buffer.from(String(from + most)).toString("base64url") : undefined;
  return { [description.set]: page.map(({ value }) => value), nextToken: next } as Value;
}
