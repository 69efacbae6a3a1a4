import { describe, expect, test } from "@jest/globals";
import { createHttpHeaders, createPipelineRequest } from "@azure/core-rest-pipeline";
import { classifyAzure } from "../../../../components/backends/azure/errors";
import { refusalPolicy } from "../../../../components/backends/azure/refusals";

/** What is thrown for an answer. */
const refusal = async (status: number, headers: Record<string, string>, bodyAsText: string | null) => {
  const request = createPipelineRequest({ url: "https://kmvmimages.blob.core.windows.net/kmvm-images/a.vhd" });
  const response = { request, status, headers: createHttpHeaders(headers), bodyAsText };
  const answer = refusalPolicy.sendRequest(request, () => Promise.resolve(response));
  return answer.then(
    () => undefined,
    (error: unknown) => error,
  );
};

describe("a refusal", () => {
  test("of Resource Manager has code and message of its body", async () => {
    const body = JSON.stringify({ error: { code: "AuthorizationFailed", message: "not you" } });
    expect(await refusal(403, {}, body)).toMatchObject({ code: "AuthorizationFailed", message: "not you" });
  });

  // As learn.microsoft.com/rest/api/storageservices/status-and-error-codes2 shows it.
  test("of the storage API has those of its XML", async () => {
    const body =
      '<?xml version="1.0" encoding="utf-8"?><Error><Code>AuthorizationPermissionMismatch</Code><Message>This request is not authorized.\nRequestId:1</Message></Error>';
    const found = await refusal(403, { "x-ms-error-code": "AuthorizationPermissionMismatch" }, `\uFEFF${body}`);
    expect(found).toMatchObject({
      code: "AuthorizationPermissionMismatch",
      message: expect.stringContaining("This request is not authorized."),
    });
    expect(classifyAzure(found).kind).toBe("permission");
  });

  test("without a body, as that of a HEAD, has the code of its header", async () => {
    const found = await refusal(403, { "x-ms-error-code": "AuthorizationPermissionMismatch" }, null);
    expect(classifyAzure(found)).toMatchObject({ kind: "permission", hint: expect.stringContaining("minutes") });
  });

  test("that says nothing has its status", async () => {
    expect(await refusal(503, {}, null)).toMatchObject({ code: undefined, message: "status 503" });
  });

  test("is none where there is an answer", async () => {
    expect(await refusal(200, {}, "{}")).toBeUndefined();
  });
});
