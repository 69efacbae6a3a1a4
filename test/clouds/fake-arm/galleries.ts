import { accepted, operationHeaders, page } from "./answers";
import { json, notFound, refusal } from "./http";
import type { Route } from "./routes";
import type { Resource } from "./state";

export const imageType = "Microsoft.Compute/galleries/images";
export const versionType = "Microsoft.Compute/galleries/images/versions";

const image = "(/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft.Compute/galleries/[^/]+/images/[^/]+)";
const imagePath = new RegExp(`^${image}$`, "i");
const versionPath = new RegExp(`^(${image}/versions/(\\d+\\.\\d+\\.\\d+))$`, "i");

const shown = ({ id, name, type, location, tags, properties }: Resource) => ({
  id,
  name,
  type,
  location,
  tags,
  properties: { provisioningState: "Succeeded", ...properties },
});

const sourceOf = (properties: unknown): string =>
  JSON.stringify(
    (properties as { storageProfile?: { osDiskImage?: { source?: unknown } } })?.storageProfile?.osDiskImage?.source,
  );

/** learn.microsoft.com/rest/api/compute/gallery-images and gallery-image-versions. */
export const galleryRoutes: readonly Route[] = [
  {
    method: "GET",
    path: imagePath,
    action: `${imageType}/read`,
    answer(_request, state, [id = ""]) {
      const found = state.get(id);
      return found ? { status: 200, body: shown(found) } : notFound(id);
    },
  },
  {
    method: "PATCH",
    path: imagePath,
    action: `${imageType}/write`,
    answer(request, state, [id = ""]) {
      const found = state.get(id);
      if (!found) return notFound(id);
      const { tags } = json(request) as { tags?: Record<string, string> };
      return { status: 200, body: shown(state.put({ ...found, ...(tags ? { tags } : {}) })) };
    },
  },
  {
    method: "GET",
    path: new RegExp(`^${image}/versions$`, "i"),
    query: ["$skiptoken"],
    action: `${versionType}/read`,
    answer(request, state, [id = ""], paging) {
      const prefix = `${id.toLowerCase()}/versions/`;
      const all = state.list(versionType).filter((one) => one.id.toLowerCase().startsWith(prefix));
      return page(request, all.map(shown), paging);
    },
  },
  {
    method: "GET",
    path: versionPath,
    action: `${versionType}/read`,
    answer(_request, state, [id = ""]) {
      const found = state.get(id);
      return found ? { status: 200, body: shown(found) } : notFound(id);
    },
  },
  {
    method: "PUT",
    path: versionPath,
    action: `${versionType}/write`,
    answer(request, state, [id = "", , name = ""], paging) {
      const before = state.get(id);
      const { location, tags, properties } = json(request) as Pick<Resource, "location" | "tags" | "properties">;
      // What a version was made from stays: learn.microsoft.com/azure/virtual-machines/troubleshooting-shared-images.
      if (before && sourceOf(before.properties) !== sourceOf(properties))
        return refusal(
          409,
          "PropertyChangeNotAllowed",
          "Changing property 'galleryImageVersion.properties.storageProfile.osDiskImage.source' is not allowed.",
        );
      const next = {
        id,
        name,
        type: versionType,
        ...(location ? { location } : {}),
        ...(tags ? { tags } : {}),
        properties,
      };
      const whole = { ...next, properties: { ...properties, provisioningState: "Succeeded" } };
      state.put({ ...next, properties: { ...properties, provisioningState: before ? "Updating" : "Creating" } });
      const finish = () => {
        state.put(whole);
        return { status: 200, body: shown(whole) };
      };
      const headers = operationHeaders(request, state, paging, finish, ["azure-asyncoperation"]);
      return { status: before ? 200 : 201, headers, body: shown(state.get(id) ?? whole) };
    },
  },
  {
    method: "DELETE",
    path: versionPath,
    action: `${versionType}/delete`,
    answer(request, state, [id = ""], paging) {
      if (!state.get(id)) return { status: 204 };
      return accepted(request, state, paging, () => {
        state.remove(id);
        return { status: 200 };
      });
    },
  },
];
