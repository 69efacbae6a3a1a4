import { page } from "./answers";
import { notFound } from "./http";
import type { Route } from "./routes";

export const addressType = "Microsoft.Network/publicIPAddresses";
export const identityType = "Microsoft.ManagedIdentity/userAssignedIdentities";
export const networkUsageType = "Fake/networkUsage";
export const grantType = "Fake/grant";
export const registrationType = "Fake/registration";
export const assignmentType = "Microsoft.Authorization/roleAssignments";
export const roleType = "Microsoft.Authorization/roleDefinitions";

/** What a preflight asks, and lists that are of no group. */
export const subscriptionRoutes: readonly Route[] = [
  {
    method: "GET",
    path: /^\/subscriptions\/([^/]+)$/i,
    action: "Microsoft.Resources/subscriptions/read",
    answer: (_request, state, [id = ""]) =>
      id === state.subscriptionId ? { status: 200, body: { subscriptionId: id, state: "Enabled" } } : notFound(id),
  },
  {
    method: "GET",
    path: /^\/subscriptions\/[^/]+(?:\/resourceGroups\/[^/]+(?:\/providers\/Microsoft\.ManagedIdentity\/\w+\/[^/]+)?)?\/providers\/Microsoft\.Authorization\/permissions$/i,
    query: ["$skiptoken"],
    action: "Microsoft.Authorization/permissions/read",
    answer: (request, state, _parts, paging) =>
      page(
        request,
        state.list(grantType).map(({ properties }) => properties),
        paging,
      ),
  },
  {
    // learn.microsoft.com/azure/role-based-access-control/role-assignments-list-rest: all of a principal, below the scope too
    method: "GET",
    path: /^\/subscriptions\/[^/]+\/providers\/Microsoft\.Authorization\/roleAssignments$/i,
    query: ["$filter", "$skiptoken"],
    action: `${assignmentType}/read`,
    answer(request, state, _parts, paging) {
      const principal = /^assignedTo\('(.+)'\)$/.exec(request.query.get("$filter") ?? "")?.[1];
      const all = state.list(assignmentType).filter(({ properties }) => properties["principalId"] === principal);
      return page(request, all, paging);
    },
  },
  {
    method: "GET",
    path: /^(\/subscriptions\/[^/]+\/providers\/Microsoft\.Authorization\/roleDefinitions\/[^/]+)$/i,
    action: `${roleType}/read`,
    answer(_request, state, [id = ""]) {
      const found = state.get(id);
      return found ? { status: 200, body: found } : notFound(id);
    },
  },
  {
    method: "GET",
    path: /^\/subscriptions\/[^/]+\/providers$/i,
    query: ["$skiptoken"],
    action: "Microsoft.Resources/subscriptions/providers/read",
    answer: (request, state, _parts, paging) =>
      page(
        request,
        state.list(registrationType).map(({ properties }) => properties),
        paging,
      ),
  },
  {
    method: "GET",
    path: /^(\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.ManagedIdentity\/userAssignedIdentities\/[^/]+)$/i,
    action: `${identityType}/read`,
    answer(_request, state, [id = ""]) {
      const found = state.get(id);
      return found ? { status: 200, body: found } : notFound(id);
    },
  },
  {
    // learn.microsoft.com/rest/api/virtualnetwork/usages/list
    method: "GET",
    path: /^\/subscriptions\/[^/]+\/providers\/Microsoft\.Network\/locations\/[^/]+\/usages$/i,
    query: ["$skiptoken"],
    action: "Microsoft.Network/locations/usages/read",
    answer: (request, state, _parts, paging) =>
      page(
        request,
        state.list(networkUsageType).map(({ properties }) => properties),
        paging,
      ),
  },
  {
    method: "GET",
    path: /^\/subscriptions\/[^/]+\/providers\/Microsoft\.Network\/publicIPAddresses$/i,
    query: ["$skiptoken"],
    action: `${addressType}/read`,
    answer: (request, state, _parts, paging) => page(request, state.list(addressType), paging),
  },
];
