import type * as s3 from "@pulumi/aws/s3";
import { copyFileSync, linkSync, mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Properties } from "../../../plugin/values";
import { tableOf, type Mistake } from "../lib/property";
import { digest, type RehearsedType } from "../lib/rehearsed";
import type { Thing } from "../lib/store";
import { refuseBadTags, type Account, type Tags } from "./account";
import { ApiError } from "./api-error";
import { providerCall } from "./provider-call";

/** `id` is `<bucket>/<key>`. */
export interface StoredObject extends Thing {
  readonly bucket: string;
  readonly key: string;
  /** The bytes. */
  readonly path: string;
  readonly encryption: string;
  readonly etag: string;
  readonly createdAt: string;
  readonly tags: Tags;
}

export const objects = "object";

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html */
const inputs = tableOf<s3.BucketObjectv2Args>({
  bucket: { kind: "text", required: true, replaces: true },
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html: 1 to 1024 bytes
  key: { kind: "text", replaces: true, pattern: /^.{1,1024}$/s },
  source: { kind: "file" },
  sourceHash: { kind: "text" },
  etag: { kind: "text" },
  contentType: { kind: "text" },
  serverSideEncryption: { kind: "choice", of: ["AES256", "aws:kms", "aws:kms:dsse", "aws:fsx"] },
  storageClass: { kind: "text" },
  forceDestroy: { kind: "flag" },
  tags: { kind: "tags" },
  region: { kind: "text", replaces: true },
});

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html at most ten */
function rules({ tags }: Properties): Mistake[] {
  return Object.keys((tags ?? {}) as Tags).length > 10
    ? [{ path: "tags", reason: "an object can have at most 10 tags" }]
    : [];
}

export function bucketObject(account: Account): RehearsedType {
  const { store } = account;
  const outputs = (object: StoredObject, given: Properties): Properties => ({
    ...given,
    arn: `arn:aws:s3:::${object.id}`,
    etag: object.etag,
    serverSideEncryption: object.encryption,
    versionId: "",
    tagsAll: object.tags,
  });
  const operation = { service: "S3", name: "PutObject" };
  const put = (given: Properties): Promise<StoredObject> => {
    const [bucket, key] = [String(given["bucket"]), String(given["key"])];
    return providerCall(account, `uploading S3 Object (${key}) to Bucket (${bucket})`, operation, () => {
      if (!store.get("bucket", bucket)) throw new ApiError("NoSuchBucket", "The specified bucket does not exist", 404);
      const tags = (given["tags"] ?? {}) as Tags;
      refuseBadTags(tags);
      const source = (given["source"] as { path: string }).path;
      // https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html: 5 TB in parts
      if (statSync(source).size > 5 * 1024 ** 4)
        throw new ApiError("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size");
      const folder = join(store.folder, "objects");
      mkdirSync(folder, { recursive: true });
      const path = join(folder, digest(32, bucket, key));
      rmSync(path, { force: true });
      try {
        // Files of a publication are written once and removed, never changed.
        linkSync(source, path);
      } catch {
        copyFileSync(source, path);
      }
      const made: StoredObject = {
        id: `${bucket}/${key}`,
        bucket,
        key,
        path,
        // https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-bucket-encryption.html: since January 2023
        encryption: String(given["serverSideEncryption"] ?? "AES256"),
        createdAt: new Date().toISOString(),
        etag: digest(32, path, String(statSync(path).mtimeMs), String(statSync(path).size)),
        tags,
      };
      store.put(objects, made);
      return made;
    });
  };
  return {
    inputs,
    rules,
    async create(given) {
      const made = await put(given);
      return { id: made.id, properties: outputs(made, given) };
    },
    read(id, known) {
      account.call("s3:GetObject");
      const found = store.get<StoredObject>(objects, id);
      return Promise.resolve(found && outputs(found, known));
    },
    update: async (_id, _olds, news) => outputs(await put(news), news),
    delete: (id) =>
      providerCall(account, `deleting S3 Object (${id})`, { service: "S3", name: "DeleteObject" }, () => {
        const found = store.get<StoredObject>(objects, id);
        if (found) rmSync(found.path, { force: true });
        store.remove(objects, id);
      }),
  };
}
