/** A refusal of the control plane, as its API reference names it. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly code: string,
    message: string,
    readonly status = 400,
  ) {
    super(message);
  }
}

/** An API call as the SDK of the provider names it: `EC2`, `RunInstances`. */
export interface Operation {
  readonly service: string;
  readonly name: string;
}

const requestId = "7a62c49f-347e-4fc4-9331-6e8eexample";

/**
 * The text that the provider gives for a refusal, from the innermost part outwards.
 * @see https://github.com/aws/smithy-go/blob/main/errors.go OperationError, GenericAPIError
 * @see https://github.com/aws/aws-sdk-go-v2/blob/main/aws/transport/http/response_error.go
 */
export function providerText(doing: string, { service, name }: Operation, error: ApiError): string {
  const http = `https response error StatusCode: ${error.status}, RequestID: ${requestId}`;
  return `${doing}: operation error ${service}: ${name}, ${http}, api error ${error.code}: ${error.message}: provider=aws@7.48.0`;
}

/** The text when the answer never came. */
export function lostText(doing: string, { service, name }: Operation): string {
  const host = `https://${service.toLowerCase()}.us-west-2.amazonaws.com/`;
  return `${doing}: operation error ${service}: ${name}, https response error StatusCode: 0, RequestID: , request send failed, Post "${host}": read: connection reset by peer: provider=aws@7.48.0`;
}
