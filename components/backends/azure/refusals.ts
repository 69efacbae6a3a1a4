import type { PipelinePolicy, PipelineResponse } from "@azure/core-rest-pipeline";
import { XMLParser } from "fast-xml-parser";

/** A call that was answered with an error: all that the answer says. */
export class AzureRefusal extends Error {
  override readonly name = "AzureRefusal";

  constructor(
    readonly statusCode: number,
    /** The provider's. */
    readonly code: string | undefined,
    message: string,
    /** The whole body. */
    readonly details: unknown,
  ) {
    super(message);
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

/** Body of an answer: JSON where it is some, else text. */
export function bodyOf(response: PipelineResponse): unknown {
  try {
    return response.bodyAsText ? JSON.parse(response.bodyAsText) : undefined;
  } catch {
    return response.bodyAsText;
  }
}

const parser = new XMLParser({ parseTagValue: false });

/** Code and message of an error's body: JSON of Resource Manager, XML of the storage API. */
function errorIn(body: unknown): { code?: unknown; message?: unknown } {
  if (isRecord(body)) return isRecord(body["error"]) ? body["error"] : {};
  if (typeof body !== "string" || !body.includes("<Error>")) return {};
  const { Error: error } = parser.parse(body) as { Error?: { Code?: unknown; Message?: unknown } };
  return { code: error?.Code, message: error?.Message };
}

/**
 * The storage API says its code in a header as well, and where an answer has no body, there alone
 * (learn.microsoft.com/rest/api/storageservices/status-and-error-codes2).
 */
function refusalIn(response: PipelineResponse): AzureRefusal {
  const body = bodyOf(response);
  const inner = errorIn(body);
  const code = typeof inner.code === "string" ? inner.code : response.headers.get("x-ms-error-code");
  const message = typeof inner.message === "string" ? inner.message : `status ${response.status}`;
  return new AzureRefusal(response.status, code, message, body);
}

/**
 * Throws for every answer that is an error, once no more is to be tried. The SDK's own errors of lists have lost what
 * the provider said, the name of a missing permission among it.
 */
export const refusalPolicy: PipelinePolicy = {
  name: "kmvmRefusals",
  async sendRequest(request, next) {
    const response = await next(request);
    if (response.status >= 400) throw refusalIn(response);
    return response;
  },
};

/** Whether a call was refused with one of these statuses. */
export function hasStatus(error: unknown, ...statuses: readonly number[]): boolean {
  return error instanceof AzureRefusal && statuses.includes(error.statusCode);
}
