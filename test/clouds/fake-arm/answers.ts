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
  const url = (kind: string) =>
    `https://${request.host}/subscriptions/${state.subscriptionId}/providers/Fake.Operations/${kind}/${number}?api-version=${request.query.get("api-version")}`;
  const all = { location: url("results"), "azure-asyncoperation": url("states") };
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
