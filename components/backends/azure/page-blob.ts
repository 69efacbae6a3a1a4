import { createHash } from "node:crypto";
import { open, type FileHandle } from "node:fs/promises";
import type { TokenCredential } from "@azure/core-auth";
import {
  bearerTokenAuthenticationPolicy,
  createDefaultHttpClient,
  createHttpHeaders,
  createPipelineFromOptions,
  createPipelineRequest,
  type HttpClient,
  type PipelineResponse,
} from "@azure/core-rest-pipeline";
import { UserError } from "../../../lib/errors";
import { hasStatus, refusalPolicy } from "./refusals";

/** Of the storage API: learn.microsoft.com/rest/api/storageservices/versioning-for-the-azure-storage-services. */
const apiVersion = "2023-11-03";
const mebibyte = 1024 * 1024;
/** Most that one Put Page takes: learn.microsoft.com/rest/api/storageservices/put-page. */
const chunkBytes = 4 * mebibyte;
const footerBytes = 512;
const parallel = 4;

export interface PageBlobArgs {
  /** `https://<account>.blob.core.windows.net/<container>/<name>` */
  readonly url: string;
  /** A fixed VHD. */
  readonly file: string;
  /** Name of what is uploaded: a blob that says it has it, and is as long, is left as it is. */
  readonly content: string;
}

/** How the storage is reached. */
export interface StorageAccess {
  readonly credential: TokenCredential;
  readonly httpClient?: HttpClient;
  readonly retryOptions?: { readonly maxRetries: number; readonly retryDelayInMs?: number };
}

export interface UploadOptions extends StorageAccess {
  readonly signal: AbortSignal;
  /** Called with what has been looked at so far, from 0 to 1. */
  readonly onProgress?: (part: number) => void;
}

interface Call {
  readonly method: "GET" | "HEAD" | "PUT" | "DELETE";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  readonly signal?: AbortSignal;
}

function sender({
  credential,
  httpClient = createDefaultHttpClient(),
  retryOptions = { maxRetries: 5 },
}: StorageAccess) {
  const pipeline = createPipelineFromOptions({ retryOptions });
  pipeline.addPolicy(refusalPolicy);
  pipeline.addPolicy(bearerTokenAuthenticationPolicy({ credential, scopes: ["https://storage.azure.com/.default"] }));
  return ({ method, url, headers, body, signal }: Call) =>
    pipeline.sendRequest(
      httpClient,
      createPipelineRequest({
        url,
        method,
        headers: createHttpHeaders({ "x-ms-version": apiVersion, ...headers }),
        ...(signal ? { abortSignal: signal } : {}),
        ...(body ? { body } : {}),
      }),
    );
}

/** One call of the storage API. */
export const callStorage = (access: StorageAccess, call: Call): Promise<PipelineResponse> => sender(access)(call);

/** How long a blob is, if it says that it has this content; undefined: it is not there, or not whole. */
export async function wholeBytes(
  { url, content }: Pick<PageBlobArgs, "url" | "content">,
  access: StorageAccess,
): Promise<number | undefined> {
  try {
    const { headers } = await callStorage(access, { method: "HEAD", url });
    return headers.get("x-ms-meta-whole") === content ? Number(headers.get("content-length")) : undefined;
  } catch (error) {
    if (hasStatus(error, 404)) return undefined;
    throw error;
  }
}

/** Removes a blob, if it is there. */
export async function removeBlob(url: string, access: StorageAccess): Promise<void> {
  try {
    await callStorage(access, { method: "DELETE", url });
  } catch (error) {
    if (!hasStatus(error, 404)) throw error;
  }
}

/**
 * Azure takes fixed disks of whole MiB, and after them the footer
 * (learn.microsoft.com/azure/virtual-machines/linux/create-upload-generic).
 * @throws UserError when the file is none of those. Pure
 */
export function checkVhd(bytes: number, footer: Buffer): void {
  const problem =
    footer.subarray(0, 8).toString("latin1") !== "conectix"
      ? "has no footer of a VHD at its end"
      : footer.readUInt32BE(60) !== 2
        ? "is not of the fixed kind"
        : (bytes - footerBytes) % mebibyte !== 0
          ? "is not of whole MiB"
          : footer.readBigUInt64BE(48) !== BigInt(bytes - footerBytes)
            ? "says another size than it has"
            : undefined;
  if (problem) throw new UserError(`the disk ${problem}`, "qemu-img convert -O vpc -o subformat=fixed,force_size=on");
}

/** Ranges of what is not empty, of a multiple of 512 bytes each. Pure. */
export function fullRange(chunk: Buffer): { readonly from: number; readonly to: number } | undefined {
  const page = (from: number) => chunk.subarray(from, from + 512);
  const empty = Buffer.alloc(512);
  let from = 0;
  let to = chunk.length;
  while (from < to && page(from).equals(empty)) from += 512;
  while (to > from && page(to - 512).equals(empty)) to -= 512;
  return from < to ? { from, to } : undefined;
}

/** Uploads a disk as a page blob; what is empty in it is not sent. Whoever looks finds it said to be whole when it is. */
export async function uploadPageBlob({ url, file, content }: PageBlobArgs, options: UploadOptions): Promise<void> {
  const { signal, onProgress } = options;
  const call = sender(options);
  const put = (query: string, headers: Record<string, string>, body?: Buffer, at = url) =>
    call({ method: "PUT", url: `${at}${query}`, headers, signal, ...(body ? { body } : {}) });

  async function makeContainer(): Promise<void> {
    try {
      await put("?restype=container", {}, undefined, url.slice(0, url.lastIndexOf("/")));
    } catch (error) {
      if (!hasStatus(error, 409)) throw error;
    }
  }

  async function sendChunk(disk: FileHandle, position: number, length: number): Promise<void> {
    const { buffer, bytesRead } = await disk.read(Buffer.alloc(length), 0, length, position);
    if (bytesRead !== length) throw new Error(`${file} became shorter while it was read`);
    const range = fullRange(buffer);
    if (!range) return;
    const pages = buffer.subarray(range.from, range.to);
    await put(
      "?comp=page",
      {
        "x-ms-page-write": "update",
        range: `bytes=${position + range.from}-${position + range.to - 1}`,
        "content-md5": createHash("md5").update(pages).digest("base64"),
        "content-type": "application/octet-stream",
      },
      pages,
    );
  }

  const disk = await open(file);
  try {
    const { size: bytes } = await disk.stat();
    const { buffer: footer } = await disk.read(
      Buffer.alloc(footerBytes),
      0,
      footerBytes,
      Math.max(0, bytes - footerBytes),
    );
    checkVhd(bytes, footer);
    if ((await wholeBytes({ url, content }, options)) === bytes) return;
    await makeContainer();
    // Empty, whatever it was before.
    await put("", { "x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": String(bytes) });
    let next = 0;
    const worker = async () => {
      while (next < bytes) {
        const position = next;
        const length = Math.min(chunkBytes, bytes - position);
        next += length;
        await sendChunk(disk, position, length);
        onProgress?.(next / bytes);
      }
    };
    await Promise.all(Array.from({ length: parallel }, worker));
    await put("?comp=metadata", { "x-ms-meta-whole": content });
  } finally {
    await disk.close();
  }
}
