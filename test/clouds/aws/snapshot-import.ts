import type * as ebs from "@pulumi/aws/ebs";
import type { ebs as ebsInputs } from "@pulumi/aws/types/input";
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Properties } from "../../../plugin/values";
import { messageOf } from "../../../lib/errors";
import { qemuImageTool } from "../../../provider/qemu/binary";
import { tableOf } from "../lib/property";
import type { RehearsedType } from "../lib/rehearsed";
import { arn, newId, refuseBadTags, type Account, type Tags } from "./account";
import { ApiError, providerText } from "./api-error";
import { objects, type StoredObject } from "./bucket-object";
import { accountId } from "./facts";
import { images, importTasks, snapshots, type Image, type ImportTask, type Snapshot } from "./image-model";
import { providerCall } from "./provider-call";

/** @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ImportSnapshot.html */
const inputs = tableOf<ebs.SnapshotImportArgs>({
  description: { kind: "text", replaces: true },
  roleName: { kind: "text", replaces: true },
  encrypted: { kind: "flag", replaces: true },
  kmsKeyId: { kind: "text", replaces: true },
  tags: { kind: "tags" },
  region: { kind: "text", replaces: true },
  diskContainer: {
    kind: "object",
    required: true,
    replaces: true,
    of: tableOf<ebsInputs.SnapshotImportDiskContainer>({
      description: { kind: "text" },
      format: { kind: "choice", of: ["VHD", "VMDK"], required: true },
      userBucket: {
        kind: "object",
        required: true,
        of: tableOf<ebsInputs.SnapshotImportDiskContainerUserBucket>({
          s3Bucket: { kind: "text", required: true },
          s3Key: { kind: "text", required: true },
        }),
      },
    }),
  },
});

/** Format of the API -> of qemu-img. */
const formats: Readonly<Record<string, string>> = { VHD: "vpc", VMDK: "vmdk" };

interface ImageInfo {
  readonly format: string;
  readonly "virtual-size": number;
  readonly "format-specific"?: { readonly data?: { readonly "create-type"?: string } };
}

/**
 * What the import service does to a disk: reads it for what it is said to be.
 * @see https://docs.aws.amazon.com/vm-import/latest/userguide/prerequisites.html#vmimport-image-formats stream-optimized
 * VMDK, fixed and dynamic VHD
 * @throws ApiError
 */
function convert(source: string, format: string, target: string): { sizeGiB: number } {
  const driver = formats[format] ?? format;
  try {
    const text = execFileSync(qemuImageTool, ["info", "-f", driver, "--output=json", source], { encoding: "utf8" });
    const info = JSON.parse(text) as ImageInfo;
    const kind = info["format-specific"]?.data?.["create-type"];
    if (format === "VMDK" && kind !== "streamOptimized")
      throw new ApiError("ClientError", `Unsupported VMDK: ${kind ?? "unknown"}, stream-optimized is needed`);
    execFileSync(qemuImageTool, ["convert", "-f", driver, "-O", "qcow2", source, target]);
    return { sizeGiB: Math.ceil(info["virtual-size"] / 1024 ** 3) };
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw new ApiError("ClientError", `Disk validation failed: ${messageOf(error).split("\n")[0] ?? ""}`);
  }
}

const operation = { service: "EC2", name: "ImportSnapshot" };
const doing = "creating EBS Snapshot Import";

/** What is checked before anything is begun. @throws ApiError */
function admitted({ store }: Account, given: Properties): { source: StoredObject; tags: Tags } {
  const container = given["diskContainer"] as Properties;
  const { s3Bucket = "", s3Key = "" } = container["userBucket"] as Record<string, string>;
  const tags = (given["tags"] ?? {}) as Tags;
  refuseBadTags(tags);
  // https://docs.aws.amazon.com/vm-import/latest/userguide/required-permissions.html#vmimport-role
  const role = `arn:aws:iam::${accountId}:role/${String(given["roleName"] ?? "vmimport")}`;
  if (!store.get("role", role))
    throw new ApiError(
      "InvalidParameter",
      "The service role vmimport provided does not exist or does not have sufficient permissions",
    );
  const source = store.get<StoredObject>(objects, `${s3Bucket}/${s3Key}`);
  if (!source) throw new ApiError("InvalidParameter", `The key ${s3Key} does not exist in ${s3Bucket}`);
  return { source, tags };
}

export function snapshotImport(account: Account): RehearsedType {
  const { store } = account;
  const outputs = (snapshot: Snapshot, given: Properties): Properties => ({
    ...given,
    arn: arn("ec2", `snapshot/${snapshot.id}`),
    ownerId: accountId,
    volumeSize: snapshot.sizeGiB,
    encrypted: snapshot.encrypted,
    tags: snapshot.tags,
    tagsAll: snapshot.tags,
    storageTier: "standard",
  });
  const begin = (given: Properties): ImportTask => {
    const { source, tags } = admitted(account, given);
    const task: ImportTask = {
      id: newId("import-snap"),
      state: "active",
      description: String(given["description"] ?? ""),
      source: source.path,
      tags,
    };
    store.put(importTasks, task);
    return task;
  };
  /** What the service does meanwhile, and goes on doing when nobody waits for it. */
  const carryOut = async (task: ImportTask, given: Properties): Promise<Snapshot> => {
    const id = newId("snap");
    const folder = join(store.folder, "snapshots");
    mkdirSync(folder, { recursive: true });
    const target = join(folder, `${id}.qcow2`);
    try {
      const { sizeGiB } = convert(task.source, String((given["diskContainer"] as Properties)["format"]), target);
      const snapshot: Snapshot = {
        id,
        disk: { path: target, format: "qcow2" },
        sizeGiB,
        encrypted: given["encrypted"] === true,
        createdAt: new Date().toISOString(),
        description: task.description,
        tags: {},
      };
      await store.exclusively(() => {
        store.put(snapshots, snapshot);
        store.put(importTasks, { ...task, state: "completed", snapshotId: id } as ImportTask);
      });
      return snapshot;
    } catch (error) {
      rmSync(target, { force: true });
      store.put(importTasks, { ...task, state: "deleted" } as ImportTask);
      throw error instanceof ApiError ? new Error(providerText(doing, operation, error)) : error;
    }
  };
  return {
    inputs,
    inSteps: true,
    /**
     * The task has the tags from the first; the snapshot has none until the provider, which has waited for it, gives it
     * some: https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ec2/ebs_snapshot_import.go
     */
    async create(given, _context, step) {
      const task = await step("create", () => providerCall(account, doing, operation, () => begin(given)));
      account.call("ec2:DescribeImportSnapshotTasks");
      const bare = await step("wait", () => carryOut(task, given));
      const { id } = bare;
      await step(
        "tag",
        () =>
          providerCall(
            account,
            `setting EBS Snapshot Import (${id}) tags`,
            { service: "EC2", name: "CreateTags" },
            () => {
              store.put(snapshots, { ...bare, tags: task.tags } as Snapshot);
            },
          ),
        { id, properties: outputs(bare, given) },
      );
      return { id, properties: outputs({ ...bare, tags: task.tags }, given) };
    },
    read(id, known) {
      account.call("ec2:DescribeSnapshots");
      const found = store.get<Snapshot>(snapshots, id);
      return Promise.resolve(found && outputs(found, known));
    },
    update: (id, _olds, news) =>
      providerCall(account, `updating EBS Snapshot Import (${id})`, { service: "EC2", name: "CreateTags" }, () => {
        const tags = (news["tags"] ?? {}) as Tags;
        refuseBadTags(tags);
        const known = store.get<Snapshot>(snapshots, id);
        if (!known) throw new ApiError("InvalidSnapshot.NotFound", `The snapshot '${id}' does not exist.`);
        store.put(snapshots, { ...known, tags } as Snapshot);
        return outputs({ ...known, tags }, news);
      }),
    delete: (id) =>
      providerCall(account, `deleting EBS Snapshot (${id})`, { service: "EC2", name: "DeleteSnapshot" }, () => {
        deleteSnapshot(account, id);
      }),
  };
}

/** Succeeds also when it is gone, as the provider does. @throws ApiError */
export function deleteSnapshot({ store }: Account, id: string): void {
  const snapshot = store.get<Snapshot>(snapshots, id);
  if (!snapshot) return;
  // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html InvalidSnapshot.InUse
  const user = store.list<Image>(images).find(({ snapshotId }) => snapshotId === id);
  if (user) throw new ApiError("InvalidSnapshot.InUse", `The snapshot ${id} is currently in use by ${user.id}`);
  store.remove(snapshots, id);
  // Volumes made of it go on: the machine that plays one keeps its backing file open.
  rmSync(join(store.folder, "snapshots", `${id}.qcow2`), { force: true });
}
