import { createHash } from "node:crypto";
import { escapeXml } from "../../../lib/xml-text";
import { machineType } from "./compute";
import type { ArmResponse } from "./http";
import type { Route } from "./routes";

const account = /^[a-z0-9]{3,24}\.blob\.core\.windows\.net$/;
const blobPath = /^\/([a-z0-9-]+\/[\w.@-]+)$/;
const dataAction = (verb: string) => `Microsoft.Storage/storageAccounts/blobServices/containers/blobs/${verb}`;

/** An error of the storage API has its code in a header: learn.microsoft.com/rest/api/storageservices/status-and-error-codes2. */
const refused = (status: number, code: string): ArmResponse => ({ status, headers: { "x-ms-error-code": code } });

/** learn.microsoft.com/rest/api/storageservices/blob-service-rest-api. */
export const storageRoutes: readonly Route[] = [
  {
    // Serial logs of boot diagnostics: behind a signed address, and nobody may be logged in there.
    method: "GET",
    host: /^fakeboot\.blob\.core\.windows\.net$/,
    path: /^\/serial(\/.+)$/,
    query: ["sig"],
    answer(request, state, [id = ""]) {
      const machine = state.get(decodeURI(id));
      const allowed = request.query.get("sig") === "signed" && request.headers["authorization"] === undefined;
      if (!allowed || machine?.type !== machineType) return { status: 403 };
      return { status: 200, headers: { "content-type": "text/plain" }, body: machine.console ?? "" };
    },
  },
  {
    method: "HEAD",
    host: account,
    path: blobPath,
    action: dataAction("read"),
    answer(_request, state, [path = ""]) {
      const blob = state.blobs.get(path);
      if (!blob) return refused(404, "BlobNotFound");
      const metadata = Object.fromEntries(
        Object.entries(blob.metadata).map(([key, value]) => [`x-ms-meta-${key}`, value]),
      );
      return {
        status: 200,
        headers: { ...metadata, "content-length": String(blob.bytes), "x-ms-blob-type": "PageBlob" },
      };
    },
  },
  {
    method: "GET",
    host: account,
    path: /^\/([a-z0-9-]+)$/,
    query: ["restype", "comp", "marker"],
    action: dataAction("read"),
    answer(request, state, [name = ""], { pageSize }) {
      if (request.query.get("comp") !== "list") return refused(400, "InvalidQueryParameterValue");
      const all = state.blobs.paths().filter((path) => path.startsWith(`${name}/`));
      if (!state.containers.has(name) && all.length === 0) return refused(404, "ContainerNotFound");
      const from = Number(request.query.get("marker") ?? 0);
      const blobs = all.slice(from, from + pageSize).map((path) => {
        const created = new Date(state.blobs.get(path)?.createdAt ?? 0).toUTCString();
        const properties = `<Properties><Creation-Time>${created}</Creation-Time></Properties>`;
        return `<Blob><Name>${escapeXml(path.slice(name.length + 1))}</Name>${properties}</Blob>`;
      });
      const next = from + pageSize < all.length ? String(from + pageSize) : "";
      const body = `<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Blobs>${blobs.join("")}</Blobs><NextMarker>${next}</NextMarker></EnumerationResults>`;
      return { status: 200, headers: { "content-type": "application/xml" }, body };
    },
  },
  {
    method: "PUT",
    host: account,
    path: /^\/([a-z0-9-]+)$/,
    query: ["restype"],
    action: "Microsoft.Storage/storageAccounts/blobServices/containers/write",
    answer(_request, state, [name = ""]) {
      if (state.containers.has(name)) return refused(409, "ContainerAlreadyExists");
      state.containers.add(name);
      return { status: 201 };
    },
  },
  {
    method: "PUT",
    host: account,
    path: blobPath,
    query: ["comp"],
    action: dataAction("write"),
    answer(request, state, [path = ""]) {
      const { headers, body } = request;
      if (!state.containers.has(path.split("/")[0] ?? "")) return refused(404, "ContainerNotFound");
      const comp = request.query.get("comp");
      if (comp === null) {
        const bytes = Number(headers["x-ms-blob-content-length"]);
        if (headers["x-ms-blob-type"] !== "PageBlob" || bytes % 512 !== 0) return refused(400, "InvalidHeaderValue");
        state.blobs.create(path, bytes);
        return { status: 201 };
      }
      const blob = state.blobs.get(path);
      if (!blob) return refused(404, "BlobNotFound");
      if (comp === "metadata") {
        const given = Object.entries(headers).filter(([key]) => key.startsWith("x-ms-meta-"));
        state.blobs.describe(
          path,
          Object.fromEntries(given.map(([key, value]) => [key.slice("x-ms-meta-".length), value ?? ""])),
        );
        return { status: 200 };
      }
      const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(headers["range"] ?? "") ?? [];
      const [start, end] = [Number(from), Number(to) + 1];
      if (comp !== "page" || headers["x-ms-page-write"] !== "update") return refused(400, "InvalidQueryParameterValue");
      // Pages of 512 bytes, 4 MiB at most in one call: learn.microsoft.com/rest/api/storageservices/put-page.
      if (start % 512 !== 0 || end % 512 !== 0 || end > blob.bytes) return refused(416, "InvalidPageRange");
      if (body.length !== end - start || body.length > 4 * 1024 * 1024) return refused(413, "RequestBodyTooLarge");
      if (createHash("md5").update(body).digest("base64") !== headers["content-md5"])
        return refused(400, "Md5Mismatch");
      state.blobs.write(path, start, body);
      return { status: 201 };
    },
  },
  {
    method: "DELETE",
    host: account,
    path: blobPath,
    action: dataAction("delete"),
    answer(_request, state, [path = ""]) {
      if (!state.blobs.get(path)) return refused(404, "BlobNotFound");
      state.blobs.remove(path);
      return { status: 202 };
    },
  },
];
