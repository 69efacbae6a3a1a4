import type * as aws from "@pulumi/aws/ec2";
import type { ec2 } from "@pulumi/aws/types/input";
import type { Properties } from "../../../plugin/values";
import { tableOf, type Mistake } from "../lib/property";
import type { RehearsedType } from "../lib/rehearsed";
import { arn, newId, refuseBadTags, type Account, type Tags } from "./account";
import { ApiError } from "./api-error";
import { accountId } from "./facts";
import { images, snapshots, type Image, type Snapshot } from "./image-model";
import { providerCall } from "./provider-call";

/** @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RegisterImage.html */
const inputs = tableOf<aws.AmiArgs>({
  // "3-128 alphanumeric characters, parentheses, square brackets, spaces, periods, slashes, dashes, single quotes, at-signs, or underscores"
  name: {
    kind: "text",
    replaces: true,
    pattern: /^[a-zA-Z0-9()[\] ./\-'@_]{3,128}$/,
    allowed: "3 to 128 of a-z A-Z 0-9 ( ) [ ] space . / - ' @ _",
  },
  description: { kind: "text", pattern: /^.{0,255}$/s },
  architecture: { kind: "choice", replaces: true, of: ["i386", "x86_64", "arm64", "x86_64_mac", "arm64_mac"] },
  bootMode: { kind: "choice", replaces: true, of: ["legacy-bios", "uefi", "uefi-preferred"] },
  enaSupport: { kind: "flag", replaces: true },
  imdsSupport: { kind: "choice", replaces: true, of: ["v2.0"] },
  rootDeviceName: { kind: "text", replaces: true, pattern: /^\/dev\// },
  tpmSupport: { kind: "choice", replaces: true, of: ["v2.0"] },
  virtualizationType: { kind: "choice", replaces: true, of: ["hvm", "paravirtual"] },
  sriovNetSupport: { kind: "choice", replaces: true, of: ["simple"] },
  deprecationTime: { kind: "text" },
  tags: { kind: "tags" },
  region: { kind: "text", replaces: true },
  ebsBlockDevices: {
    kind: "objects",
    replaces: true,
    of: tableOf<ec2.AmiEbsBlockDevice>({
      deviceName: { kind: "text", required: true, pattern: /^\/dev\// },
      snapshotId: { kind: "text" },
      deleteOnTermination: { kind: "flag" },
      encrypted: { kind: "flag" },
      volumeSize: { kind: "number", min: 1, max: 65536 },
      volumeType: { kind: "choice", of: ["standard", "gp2", "gp3", "io1", "io2", "sc1", "st1"] },
      iops: { kind: "number", min: 100, max: 80000 },
      throughput: { kind: "number", min: 125, max: 2000 },
    }),
  },
});

/** @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/NitroTPM-prereqs.html, ami-boot.html */
function rules({
  tpmSupport,
  bootMode,
  virtualizationType,
  enaSupport,
  ebsBlockDevices,
  rootDeviceName,
}: Properties): Mistake[] {
  const mistakes: Mistake[] = [];
  if (tpmSupport !== undefined && bootMode !== "uefi")
    mistakes.push({ path: "tpmSupport", reason: "needs bootMode uefi" });
  if (bootMode === "uefi" && virtualizationType === "paravirtual")
    mistakes.push({ path: "bootMode", reason: "uefi needs hvm" });
  // Nitro has no other network card: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/enhanced-networking-ena.html
  if (enaSupport !== true)
    mistakes.push({ path: "enaSupport", reason: "without it no Nitro instance can be launched from it" });
  const devices = (ebsBlockDevices ?? []) as { deviceName?: unknown }[];
  if (!devices.some(({ deviceName }) => deviceName === rootDeviceName))
    mistakes.push({ path: "rootDeviceName", reason: "no block device has this name" });
  return mistakes;
}

export function ami(account: Account): RehearsedType {
  const { store } = account;
  const outputs = (image: Image, given: Properties): Properties => ({
    ...given,
    description: image.description,
    arn: arn("ec2", `image/${image.id}`),
    ownerId: accountId,
    public: false,
    rootSnapshotId: image.snapshotId,
    imageType: "machine",
    hypervisor: "xen",
    manageEbsSnapshots: false,
    tags: image.tags,
    tagsAll: image.tags,
  });
  return {
    inputs,
    autoname: "name",
    rules,
    inSteps: true,
    /** @see https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ec2/ec2_ami.go tags come second */
    async create(given, _context, step) {
      const name = String(given["name"]);
      const tags = (given["tags"] ?? {}) as Tags;
      const doing = `creating EC2 AMI (${name})`;
      const bare = await step("create", () =>
        providerCall(account, doing, { service: "EC2", name: "RegisterImage" }, () => {
          refuseBadTags(tags);
          const other = store.list<Image>(images).find((one) => one.name === name);
          // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html InvalidAMIName.Duplicate
          if (other)
            throw new ApiError("InvalidAMIName.Duplicate", `AMI name ${name} is already in use by AMI ${other.id}`);
          const root = (given["ebsBlockDevices"] as Record<string, unknown>[]).find(
            ({ deviceName }) => deviceName === given["rootDeviceName"],
          );
          const snapshot = store.get<Snapshot>(snapshots, String(root?.["snapshotId"]));
          if (!snapshot)
            throw new ApiError(
              "InvalidSnapshot.NotFound",
              `The snapshot '${String(root?.["snapshotId"])}' does not exist.`,
            );
          // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EbsBlockDevice.html: encryption comes from the snapshot
          if (root?.["encrypted"] !== undefined)
            throw new ApiError(
              "InvalidParameterCombination",
              "the parameter snapshotId and encrypted cannot be used together",
            );
          const made: Image = {
            id: newId("ami"),
            name,
            snapshotId: snapshot.id,
            description: String(given["description"] ?? ""),
            architecture: String(given["architecture"] ?? "x86_64"),
            bootMode: String(given["bootMode"] ?? "legacy-bios"),
            rootDeviceName: String(given["rootDeviceName"]),
            enaSupport: given["enaSupport"] === true,
            imdsSupport: given["imdsSupport"] as string | undefined,
            tpmSupport: given["tpmSupport"] as string | undefined,
            volumeType: String(root?.["volumeType"] ?? "gp2"),
            createdAt: new Date().toISOString(),
            tags: {},
          };
          store.put(images, made);
          return made;
        }),
      );
      const image: Image = { ...bare, tags };
      const tag = () =>
        providerCall(account, `setting EC2 AMI (${bare.id}) tags`, { service: "EC2", name: "CreateTags" }, () => {
          store.put(images, image);
        });
      await step("tag", tag, { id: bare.id, properties: outputs(bare, given) });
      const made = { id: image.id, properties: outputs(image, given) };
      return step("wait", () => Promise.resolve(made), made);
    },
    read(id, known) {
      account.call("ec2:DescribeImages");
      const found = store.get<Image>(images, id);
      return Promise.resolve(found && outputs(found, known));
    },
    update: (id, _olds, news) =>
      providerCall(account, `updating EC2 AMI (${id})`, { service: "EC2", name: "ModifyImageAttribute" }, () => {
        const known = store.get<Image>(images, id);
        if (!known) throw new ApiError("InvalidAMIID.NotFound", `The image id '[${id}]' does not exist`);
        const tags = (news["tags"] ?? {}) as Tags;
        refuseBadTags(tags);
        const changed: Image = { ...known, tags, description: String(news["description"] ?? "") };
        store.put(images, changed);
        return outputs(changed, news);
      }),
    delete: (id) =>
      providerCall(account, `deleting EC2 AMI (${id})`, { service: "EC2", name: "DeregisterImage" }, () => {
        store.remove(images, id);
      }),
  };
}
