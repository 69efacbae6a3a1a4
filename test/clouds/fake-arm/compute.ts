import { accepted, page } from "./answers";
import { notFound, refusal } from "./http";
import type { Route } from "./routes";
import type { Resource } from "./state";

export const machineType = "Microsoft.Compute/virtualMachines";
export const usageType = "Fake/usage";
export const skuType = "Fake/sku";

const onMachine = (verb: string) =>
  new RegExp(
    `^(/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft.Compute/virtualMachines/[^/]+)${verb}$`,
    "i",
  );

/** Lists of Compute give the group's name in capitals: github.com/Azure/azure-rest-api-specs/issues/1741. */
const shouted = (id: string) =>
  id.replace(/\/resourceGroups\/[^/]+/i, (part) => part.toUpperCase().replace("RESOURCEGROUPS", "resourceGroups"));

/** All that a list gives; with `statusOnly` the instance view and nothing of the model. */
function shown({ id, name, type, location, tags, properties, power }: Resource, statusOnly: boolean) {
  const statuses = [{ code: "ProvisioningState/succeeded" }, ...(power ? [{ code: `PowerState/${power}` }] : [])];
  return statusOnly
    ? { id: shouted(id), name, type, location, properties: { instanceView: { statuses } } }
    : { id: shouted(id), name, type, location, tags, properties: { provisioningState: "Succeeded", ...properties } };
}

const isEphemeral = ({ properties }: Resource): boolean =>
  JSON.stringify(properties["storageProfile"] ?? {}).includes("diffDiskSettings");

/** Start and deallocate: accepted, and done some time later. */
const power = (verb: string, state: string): Route => ({
  method: "POST",
  path: onMachine(`/${verb}`),
  action: `${machineType}/${verb}/action`,
  answer(request, store, [id = ""], paging) {
    const machine = store.get(id);
    if (!machine) return notFound(id);
    // learn.microsoft.com/azure/virtual-machines/ephemeral-os-disks: they cannot be stopped.
    if (verb === "deallocate" && isEphemeral(machine))
      return refusal(
        409,
        "OperationNotAllowed",
        "Operation 'deallocate' is not supported on VMs with an ephemeral OS disk.",
      );
    return accepted(request, store, paging, () => {
      store.put({ ...machine, power: state });
      return { status: 200 };
    });
  },
});

/** learn.microsoft.com/rest/api/compute. */
export const computeRoutes: readonly Route[] = [
  {
    method: "GET",
    path: /^\/subscriptions\/[^/]+\/providers\/Microsoft\.Compute\/virtualMachines$/i,
    query: ["statusOnly", "$skiptoken"],
    action: `${machineType}/read`,
    answer(request, state, _parts, paging) {
      const statusOnly = request.query.get("statusOnly") === "true";
      return page(
        request,
        state.list(machineType).map((one) => shown(one, statusOnly)),
        paging,
      );
    },
  },
  {
    method: "GET",
    path: onMachine(""),
    action: `${machineType}/read`,
    answer(_request, state, [id = ""]) {
      const machine = state.get(id);
      return machine ? { status: 200, body: shown(machine, false) } : notFound(id);
    },
  },
  power("start", "running"),
  power("deallocate", "deallocated"),
  {
    method: "POST",
    path: onMachine("/retrieveBootDiagnosticsData"),
    query: ["sasUriExpirationTimeInMinutes"],
    action: `${machineType}/retrieveBootDiagnosticsData/action`,
    answer(_request, state, [id = ""]) {
      const machine = state.get(id);
      if (!machine) return notFound(id);
      if (machine.console === undefined)
        return refusal(409, "Conflict", "Boot diagnostics is not enabled, or not ready.");
      const blob = `https://fakeboot.blob.core.windows.net/serial${encodeURI(id)}?sig=signed`;
      return { status: 200, body: { serialConsoleLogBlobUri: blob } };
    },
  },
  {
    method: "GET",
    path: /^\/subscriptions\/[^/]+\/providers\/Microsoft\.Compute\/locations\/[^/]+\/usages$/i,
    query: ["$skiptoken"],
    action: "Microsoft.Compute/locations/usages/read",
    answer: (request, state, _parts, paging) =>
      page(
        request,
        state.list(usageType).map(({ properties }) => properties),
        paging,
      ),
  },
  {
    method: "GET",
    path: /^\/subscriptions\/[^/]+\/providers\/Microsoft\.Compute\/skus$/i,
    query: ["$filter", "$skiptoken"],
    action: "Microsoft.Compute/skus/read",
    answer: (request, state, _parts, paging) =>
      page(
        request,
        state.list(skuType).map(({ properties }) => properties),
        paging,
      ),
  },
];
