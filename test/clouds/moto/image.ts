import {
  CreateSnapshotCommand,
  CreateTagsCommand,
  CreateVolumeCommand,
  DeleteVolumeCommand,
  DescribeImagesCommand,
  ImportSnapshotCommand,
  RegisterImageCommand,
} from "@aws-sdk/client-ec2";
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { PutParameterCommand } from "@aws-sdk/client-ssm";
import { imageParameters, objectKey, publishingTags } from "../../../components/backends/aws/image-names";
import { asList, ec2, own, ssm, tagged } from "./machine";

const { region, bucket: Bucket = "" } = own;

const imageTags = (image: string, version: string, settings = own) =>
  publishingTags(settings, { image, version, backendHash: "0123456789ab", stack: "l0-ci-1" });

/** A snapshot as an import leaves it. moto has no ImportSnapshot: it is one of a volume. */
export async function makeSnapshot(image: string, version: string): Promise<string> {
  const { VolumeId } = await ec2().send(new CreateVolumeCommand({ AvailabilityZone: `${region}a`, Size: 8 }));
  const TagSpecifications = tagged(["snapshot"], imageTags(image, version));
  const { SnapshotId = "" } = await ec2().send(new CreateSnapshotCommand({ VolumeId, TagSpecifications }));
  await ec2().send(new DeleteVolumeCommand({ VolumeId }));
  return SnapshotId;
}

export async function makeBucket(): Promise<void> {
  const client = new S3Client({ region });
  const CreateBucketConfiguration = { LocationConstraint: "us-west-2" } as const;
  await client.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration }));
  client.destroy();
}

/** A disk on its way in, of which everything or a part has come. */
export async function makeObject(image: string, version: string, whole: boolean): Promise<string> {
  const client = new S3Client({ region });
  const at = { Bucket, Key: objectKey(image, version) };
  const Tagging = new URLSearchParams(imageTags(image, version)).toString();
  try {
    if (!whole) {
      const { UploadId = "" } = await client.send(new CreateMultipartUploadCommand({ ...at, Tagging }));
      await client.send(new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body: "part" }));
    } else await client.send(new PutObjectCommand({ ...at, Tagging, Body: "disk" }));
    return `${Bucket}/${at.Key}`;
  } finally {
    client.destroy();
  }
}

/** Everything in the bucket: objects, and uploads that are not whole. */
export async function bucketHolds(): Promise<string[]> {
  const client = new S3Client({ region });
  try {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
    return [...Contents, ...Uploads].map(({ Key = "" }) => Key);
  } finally {
    client.destroy();
  }
}

/** An import that nobody waits for, under way or done. moto has none: lacking.py. */
export async function makeImport(image: string, version: string, state: "active" | "done"): Promise<string> {
  const { ImportTaskId = "", SnapshotTaskDetail } = await ec2().send(
    new ImportSnapshotCommand({
      Description: state,
      DiskContainer: { Format: "VMDK" },
      TagSpecifications: tagged(["import-snapshot-task"], imageTags(image, version)),
    }),
  );
  return SnapshotTaskDetail?.SnapshotId ?? ImportTaskId;
}

/** An AMI as it is before the engine's provider tags it; its snapshot has its tags. */
export async function makeUntaggedAmi(image: string, version: string, description: string): Promise<MadeImage> {
  const { ImageId: ami = "" } = await ec2().send(
    new RegisterImageCommand({ Name: `${image}-${version}`, Description: description }),
  );
  const { Images } = await ec2().send(new DescribeImagesCommand({ ImageIds: [ami] }));
  const snapshot = Images?.[0]?.BlockDeviceMappings?.[0]?.Ebs?.SnapshotId ?? "";
  await ec2().send(new CreateTagsCommand({ Resources: [snapshot], Tags: asList(imageTags(image, version)) }));
  return { ami, snapshot };
}

export interface MadeImage {
  readonly ami: string;
  readonly snapshot: string;
}

/**
 * An AMI as a publishing makes it, which no parameter names yet. moto's RegisterImage heeds neither tags nor block
 * devices, and makes a snapshot of its own: that one is taken for the imported one.
 */
export async function makeAmi(image: string, version: string, settings = own): Promise<MadeImage> {
  const { ImageId: ami = "" } = await ec2().send(new RegisterImageCommand({ Name: `${image}-${version}` }));
  const { Images } = await ec2().send(new DescribeImagesCommand({ ImageIds: [ami] }));
  const snapshot = Images?.[0]?.BlockDeviceMappings?.[0]?.Ebs?.SnapshotId ?? "";
  const Tags = asList(imageTags(image, version, settings));
  await ec2().send(new CreateTagsCommand({ Resources: [ami, snapshot], Tags }));
  return { ami, snapshot };
}

/** A whole published version. */
export async function publish(image: string, version: string): Promise<MadeImage> {
  const made = await makeAmi(image, version);
  await ssm().send(
    new PutParameterCommand({ Name: imageParameters.version(own, image, version), Value: made.ami, Type: "String" }),
  );
  return made;
}
