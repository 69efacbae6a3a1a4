/** A request, as a route sees it. */
export interface ArmRequest {
  readonly method: string;
  /** Host that the client believes it speaks to. */
  readonly host: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

export interface ArmResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export const managementHost = "management.azure.com";

/** An error as Resource Manager gives it: learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors. */
export function refusal(status: number, code: string, message: string, headers?: Record<string, string>): ArmResponse {
  return { status, body: { error: { code, message } }, ...(headers ? { headers } : {}) };
}

export const notFound = (id: string): ArmResponse =>
  refusal(404, "ResourceNotFound", `The Resource '${id}' was not found.`);

/** Body as JSON; {} where there is none. */
export function json(request: ArmRequest): Record<string, unknown> {
  return request.body.length > 0 ? (JSON.parse(request.body.toString()) as Record<string, unknown>) : {};
}
