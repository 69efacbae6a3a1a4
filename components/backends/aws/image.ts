import * as pulumi from "@pulumi/pulumi";
import { SnapshotImport } from "@pulumi/aws/ebs";
import { Ami } from "@pulumi/aws/ec2";
import { BucketObjectv2 } from "@pulumi/aws/s3";
import { Parameter } from "@pulumi/aws/ssm";
import { Image } from "../../kmvm/image";
import type { ImageArgs } from "../backend";
import { convertedDisk, type DiskForm } from "../converted-disk";
import { imageDescription, imageParameters, objectKey, publishingTags } from "./image-names";
import { rootDevice } from "./machine-plan";
import { ownSettings } from "./own-settings";
import { regionProvider } from "./provider";

/**
 * What EC2 imports: a stream-optimized VMDK
 * (docs.aws.amazon.com/vm-import/latest/userguide/prerequisites.html#vmimport-image-formats), a tenth of the raw disk.
 */
const vmdk: DiskForm = { ending: "vmdk", format: "vmdk", options: "subformat=streamOptimized" };

/**
 * One version of an image as an AMI: a candidate, found by its version. Nothing here promotes it: the pointer belongs to
 * `kmvm image promote`, so that a rollback is not undone by the next update of this stack.
 */
export class PublishedImage extends pulumi.ComponentResource {
  readonly version: pulumi.Output<string>;
  readonly ami: pulumi.Output<string>;

  constructor(name: string, args: ImageArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kmvm:aws:Image", name, {}, opts);
    const { recipe, settings, backendHash } = args;
    const own = ownSettings(settings);
    if (own.bucket === undefined)
      throw new pulumi.RunError("publishing an image to aws needs a bucket: give bucket in kmvm:aws, see docs/aws.md");
    const { bucket } = own;
    const parent = { parent: this };
    const child = { ...parent, provider: regionProvider(name, own, this) };
    // Versions are immutable and others may use them: what a newer one replaces, or what the stack leaves when it is
    // destroyed, stays until `kmvm image prune` finds that nobody needs it.
    const kept = { ...child, retainOnDelete: true };

    const source = new Image(`${name}-local`, { recipe }, parent);
    this.version = source.version;
    const { full: stack } = settings.stack;
    const tags = pulumi
      .output({ version: this.version, backendHash })
      .apply(({ version, backendHash: hash }) =>
        publishingTags(own, { image: recipe, version, backendHash: hash, stack }),
      );
    const description = this.version.apply((version) => imageDescription(recipe, version));

    const disk = convertedDisk(name, source, vmdk, parent);
    // Only the way in: a newer version takes its place.
    const object = new BucketObjectv2(
      `${name}-object`,
      {
        bucket,
        key: this.version.apply((version) => objectKey(recipe, version)),
        source: disk.apply((path) => new pulumi.asset.FileAsset(path)),
        serverSideEncryption: "AES256",
        tags,
      },
      { ...child, customTimeouts: { create: "60m" } },
    );
    const snapshot = new SnapshotImport(
      `${name}-snapshot`,
      {
        description,
        diskContainer: { format: "VMDK", userBucket: { s3Bucket: bucket, s3Key: object.key } },
        encrypted: true,
        tags,
      },
      { ...kept, customTimeouts: { create: "90m" } },
    );
    // Its name is the engine's, with random letters: names of AMIs are unique, and one whose making was cut short after
    // EC2 had made it must not be in the way of the next attempt. What counts is the parameter below.
    const ami = new Ami(
      `${name}-ami`,
      {
        description,
        architecture: "x86_64",
        virtualizationType: "hvm",
        bootMode: "uefi",
        enaSupport: true,
        imdsSupport: "v2.0",
        rootDeviceName: rootDevice,
        ebsBlockDevices: [
          { deviceName: rootDevice, snapshotId: snapshot.id, volumeType: "gp3", deleteOnTermination: true },
        ],
        tags,
      },
      { ...kept, customTimeouts: { create: "60m" } },
    );
    this.ami = ami.id;
    new Parameter(
      `${name}-version`,
      {
        name: this.version.apply((version) => imageParameters.version(own, recipe, version)),
        description: pulumi.interpolate`AMI of ${recipe} ${this.version}`,
        type: "String",
        dataType: "aws:ec2:image",
        value: ami.id,
        // One that an attempt left which was cut short is made right. Without tags: with `overwrite` the provider gives
        // them in a second call, which Systems Manager refuses as long as it looks whether there is such an AMI
        // (docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-ec2-aliases.html). Who looks for it goes
        // by its name.
        overwrite: true,
      },
      kept,
    );
    this.registerOutputs({ version: this.version, ami: this.ami });
  }
}
