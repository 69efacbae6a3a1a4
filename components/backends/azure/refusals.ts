import type { PipelinePolicy, PipelineResponse } from "@azure/core-rest-pipeline";

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

function refusalIn(response: PipelineResponse): AzureRefusal {
  const body = bodyOf(response);
  const inner = isRecord(body) && isRecord(body["error"]) ? body["error"] : {};
  const code = typeof inner["code"] === "string" ? inner["code"] : undefined;
  const message = typeof inner["message"] === "string" ? inner["message"] : `status ${response.status}`;
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
