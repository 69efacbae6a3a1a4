import type { ArmRequest, ArmResponse } from "./http";
import type { Paging } from "./routes";
import type { ArmState } from "./state";

/** One page of a list, with the link to the next: learn.microsoft.com/rest/api/azure/#async-operations-throttling-and-paging. */
export function page(request: ArmRequest, items: readonly unknown[], { pageSize }: Paging): ArmResponse {
  const from = Number(request.query.get("$skiptoken") ?? 0);
  const query = new URLSearchParams(request.query);
  query.set("$skiptoken", String(from + pageSize));
  const nextLink = `https://${request.host}${request.path}?${query.toString()}`;
  const more = from + pageSize < items.length;
  return { status: 200, body: { value: items.slice(from, from + pageSize), ...(more ? { nextLink } : {}) } };
}

/**
 * Where the end of an operation is asked for: below the location for what Compute does, that of a gallery apart, and
 * below the subscription for groups. The right to read each is one of its own
 * (learn.microsoft.com/azure/role-based-access-control/permissions/compute).
 */
function operationsOf({ path }: ArmRequest): string {
  if (!/\/providers\//i.test(path)) return "operationresults";
  const kind = /\/galleries\//i.test(path) ? "capsOperations" : "operations";
  return `providers/Microsoft.Compute/locations/westus2/${kind}`;
}

/**
 * The headers of an operation that goes on, in both forms in which its end can be asked for:
 * learn.microsoft.com/azure/azure-resource-manager/management/async-operations.
 */
export function operationHeaders(
  request: ArmRequest,
  state: ArmState,
  { retryAfter }: Paging,
  finish: () => ArmResponse,
  forms: readonly ("location" | "azure-asyncoperation")[],
): Record<string, string> {
  const number = state.begin(finish);
  const url = `https://${request.host}/subscriptions/${state.subscriptionId}/${operationsOf(request)}/${number}?api-version=${request.query.get("api-version")}`;
  const all = { location: `${url}&monitor=true`, "azure-asyncoperation": url };
  return { "retry-after": String(retryAfter), ...Object.fromEntries(forms.map((form) => [form, all[form]])) };
}

/** An operation that was accepted and goes on. Groups say it by Location alone, Compute by both. */
export function accepted(
  request: ArmRequest,
  state: ArmState,
  paging: Paging,
  finish: () => ArmResponse,
  forms: readonly ("location" | "azure-asyncoperation")[] = ["location", "azure-asyncoperation"],
): ArmResponse {
  return { status: 202, headers: operationHeaders(request, state, paging, finish, forms) };
}
