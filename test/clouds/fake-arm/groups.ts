import { accepted, page } from "./answers";
import { json, refusal } from "./http";
import type { Route } from "./routes";
import type { Resource } from "./state";

export const groupType = "Microsoft.Resources/resourceGroups";

const onePath = /^(\/subscriptions\/[^/]+\/resourceGroups\/([^/]+))$/i;

const shown = ({ id, name, type, location, tags, properties }: Resource) => ({
  id,
  name,
  type,
  location,
  tags,
  properties: { provisioningState: "Succeeded", ...properties },
});

const missing = (name: string | undefined) =>
  refusal(404, "ResourceGroupNotFound", `Resource group '${name}' could not be found.`);

/** learn.microsoft.com/rest/api/resources/resource-groups. */
export const groupRoutes: readonly Route[] = [
  {
    method: "GET",
    path: /^\/subscriptions\/[^/]+\/resourceGroups$/i,
    query: ["$filter", "$skiptoken"],
    action: "Microsoft.Resources/subscriptions/resourceGroups/read",
    answer(request, state, _parts, paging) {
      const filter = request.query.get("$filter");
      const [, name, value] = /^tagName eq '([^']+)' and tagValue eq '([^']*)'$/.exec(filter ?? "") ?? [];
      if (filter !== null && name === undefined)
        return refusal(400, "InvalidFilterInQueryString", `Invalid $filter '${filter}'.`);
      const groups = state.list(groupType).filter(({ tags }) => name === undefined || tags?.[name] === value);
      return page(request, groups.map(shown), paging);
    },
  },
  {
    method: "GET",
    path: onePath,
    action: "Microsoft.Resources/subscriptions/resourceGroups/read",
    answer(_request, state, [id = "", name]) {
      const group = state.get(id);
      return group ? { status: 200, body: shown(group) } : missing(name);
    },
  },
  {
    method: "PUT",
    path: onePath,
    action: "Microsoft.Resources/subscriptions/resourceGroups/write",
    answer(request, state, [id = "", name = ""]) {
      const { location, tags } = json(request) as { location?: string; tags?: Record<string, string> };
      if (!location) return refusal(400, "LocationRequired", "The location property is required for this definition.");
      const existed = state.get(id);
      if (existed?.properties["provisioningState"] === "Deleting")
        return refusal(409, "ResourceGroupBeingDeleted", `The resource group '${name}' is in deprovisioning state.`);
      const group = state.put({ id, name, type: groupType, location, ...(tags ? { tags } : {}), properties: {} });
      return { status: existed ? 200 : 201, body: shown(group) };
    },
  },
  {
    method: "DELETE",
    path: onePath,
    query: ["forceDeletionTypes"],
    action: "Microsoft.Resources/subscriptions/resourceGroups/delete",
    answer(request, state, [id = "", name], paging) {
      const group = state.get(id);
      if (!group) return missing(name);
      const force = request.query.get("forceDeletionTypes");
      if (force !== null && force !== "Microsoft.Compute/virtualMachines")
        return refusal(400, "InvalidForceDeletionTypes", `'${force}' cannot be deleted by force.`);
      state.put({ ...group, properties: { ...group.properties, provisioningState: "Deleting" } });
      const gone = () => {
        state.remove(id);
        return { status: 200 };
      };
      return accepted(request, state, paging, gone, ["location"]);
    },
  },
];
