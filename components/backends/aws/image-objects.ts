import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectTaggingCommand,
  ListMultipartUploadsCommand,
  paginateListObjectsV2,
  S3Client,
} from "@aws-sdk/client-s3";
import { imageTagNames } from "../../../lib/tags";
import { clientOf, collect, tagsOf } from "./clients";
import { calling, classifyError, failureOf, isGone } from "./errors";
import { isPublishedHere, objectPrefix, publicationOfKey } from "./image-names";
import { resourceOf, type ImageResource } from "./image-resources";
import type { AwsSettings } from "./settings";

async function withBucket<T>(
  own: AwsSettings,
  doing: string,
  work: (client: S3Client, bucket: string) => Promise<T>,
): Promise<T | undefined> {
  const { bucket } = own;
  if (bucket === undefined) return undefined;
  const client = new S3Client(clientOf(own));
  try {
    return await calling(doing, () => work(client, bucket));
  } finally {
    client.destroy();
  }
}

/** Disks that came in whole. Their tags cost a call each; there is one for each stack that publishes. */
async function objects(own: AwsSettings, client: S3Client, bucket: string): Promise<ImageResource[]> {
  const pages = paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: objectPrefix });
  const found: ImageResource[] = [];
  for (const { Key, LastModified } of await collect(pages, ({ Contents }) => Contents)) {
    if (Key === undefined || !publicationOfKey(Key)) continue;
    try {
      const { TagSet } = await client.send(new GetObjectTaggingCommand({ Bucket: bucket, Key }));
      const createdAt = LastModified?.toISOString() ?? "";
      const tags = tagsOf(TagSet);
      if (isPublishedHere(own, tags))
        found.push(...resourceOf({ kind: "object", id: `${bucket}/${Key}`, createdAt }, tags));
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
  return found;
}

const uploadId = (bucket: string, key: string, upload: string) => `${bucket}/${key}?uploadId=${upload}`;

/**
 * Disks of which only parts came in; they are not listed as objects, and cost as much. They have no tags before they are
 * whole: whose they are cannot be said. One answer holds 1000, more than there will be.
 */
async function uploads(client: S3Client, bucket: string): Promise<ImageResource[]> {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: objectPrefix }));
  return Uploads.flatMap(({ Key = "", UploadId = "", Initiated }) => {
    const publication = publicationOfKey(Key);
    if (!publication) return [];
    const tags = { [imageTagNames.image]: publication.image, [imageTagNames.version]: publication.version };
    const createdAt = Initiated?.toISOString() ?? "";
    return resourceOf({ kind: "upload", id: uploadId(bucket, Key, UploadId), createdAt }, tags);
  });
}

/** Whoever may not look there has published nothing, and a bucket that is not there holds nothing. */
const holdsNothing = (error: unknown) =>
  classifyError(error).kind === "permission" || failureOf(error).codes.includes("NoSuchBucket");

/** Every disk that a publishing has brought into the bucket of the settings, whole or in part. */
export async function listImageObjects(own: AwsSettings): Promise<ImageResource[]> {
  const found = await withBucket(
    own,
    `could not list the disks in bucket ${own.bucket ?? ""}`,
    async (client, bucket) => {
      try {
        return [...(await objects(own, client, bucket)), ...(await uploads(client, bucket))];
      } catch (error) {
        if (holdsNothing(error)) return [];
        throw error;
      }
    },
  );
  return found ?? [];
}

/** Whether an id is one of an object or an upload in the bucket of the settings. */
export const isImageObject = ({ bucket }: AwsSettings, id: string): boolean =>
  bucket !== undefined && id.startsWith(`${bucket}/${objectPrefix}`);

/** Idempotent. @param id as `ImageResource.id` */
export async function removeImageObject(own: AwsSettings, id: string): Promise<void> {
  await withBucket(own, `could not remove ${id}`, async (client, bucket) => {
    const [Key = "", UploadId] = id.slice(bucket.length + 1).split("?uploadId=");
    const at = { Bucket: bucket, Key };
    try {
      if (UploadId === undefined) await client.send(new DeleteObjectCommand(at));
      else await client.send(new AbortMultipartUploadCommand({ ...at, UploadId }));
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  });
}
