import { rmSync } from "node:fs";
import { escapeXml } from "../../../../lib/xml-text";
import type { Account } from "../account";
import { ApiError } from "../api-error";
import { objects, type StoredObject } from "../bucket-object";

/** What is answered: a status, and XML where there is something to say. */
interface Answer {
  readonly status: number;
  readonly body: string;
}

const element = (name: string, inner: string): string => `<${name}>${inner}</${name}>`;
const text = (name: string, value: string): string => element(name, escapeXml(value));
const ok = (body: string): Answer => ({ status: 200, body: `<?xml version="1.0" encoding="UTF-8"?>${body}` });

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html at most 1000 in one answer */
function list({ store }: Account, bucket: string, prefix: string): Answer {
  const found = store.list<StoredObject>(objects).filter((one) => one.bucket === bucket && one.key.startsWith(prefix));
  const contents = found.map(({ key, etag, createdAt }) =>
    element("Contents", text("Key", key) + text("LastModified", createdAt) + text("ETag", etag)),
  );
  return ok(element("ListBucketResult", text("Name", bucket) + text("IsTruncated", "false") + contents.join("")));
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html */
function tagging({ tags }: StoredObject): Answer {
  const all = Object.entries(tags).map(([key, value]) => element("Tag", text("Key", key) + text("Value", value)));
  return ok(element("Tagging", element("TagSet", all.join(""))));
}

/** The REST API of S3, by path: `/<bucket>/<key>`. @throws ApiError */
export function s3Request(
  account: Account,
  method: string,
  url: URL,
): { readonly action: string; readonly answer: () => Answer } {
  const { store } = account;
  const [bucket = "", ...rest] = url.pathname.slice(1).split("/").map(decodeURIComponent);
  const key = rest.join("/");
  const asks = (name: string): boolean => url.searchParams.has(name);
  const there = (): void => {
    if (!store.get("bucket", bucket)) throw new ApiError("NoSuchBucket", "The specified bucket does not exist", 404);
  };
  const found = (): StoredObject => {
    there();
    const object = store.get<StoredObject>(objects, `${bucket}/${key}`);
    if (!object) throw new ApiError("NoSuchKey", "The specified key does not exist.", 404);
    return object;
  };
  if (method === "GET" && key === "" && asks("list-type"))
    return {
      action: "s3:ListBucket",
      answer: () => {
        there();
        return list(account, bucket, url.searchParams.get("prefix") ?? "");
      },
    };
  if (method === "GET" && key === "" && asks("uploads"))
    return {
      action: "s3:ListBucketMultipartUploads",
      // The played provider uploads in one part.
      answer: () => {
        there();
        return ok(element("ListMultipartUploadsResult", text("Bucket", bucket) + text("IsTruncated", "false")));
      },
    };
  if (method === "GET" && asks("tagging")) return { action: "s3:GetObjectTagging", answer: () => tagging(found()) };
  if (method === "DELETE" && key !== "")
    return {
      action: "s3:DeleteObject",
      // https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html: also of one that is not there
      answer: () => {
        there();
        const object = store.get<StoredObject>(objects, `${bucket}/${key}`);
        if (object) rmSync(object.path, { force: true });
        store.remove(objects, `${bucket}/${key}`);
        return { status: 204, body: "" };
      },
    };
  throw new Error(`the rehearsal does not play ${method} ${url.pathname}${url.search}`);
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
export const s3Error = ({ code, message, status }: ApiError): Answer => ({
  status,
  body: element("Error", text("Code", code) + text("Message", message)),
});
