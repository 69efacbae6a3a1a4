/** The one machine of a resource group. */
export const vmName = "machine";

/** Longest name of a resource group: learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules. */
const longest = 90;

/**
 * The resource group of a run, which is also the id of its machine. The run's id is eight random characters: nobody can
 * take the name before us, and no two runs share one. Pure.
 */
export function groupName(stack: string, runId: string): string {
  const prefix = `kmvm-${stack}`.replace(/[^\w-]/g, "-");
  return `${prefix.slice(0, longest - runId.length - 1)}-${runId}`;
}

/** Names are compared without regard to case, and Compute gives those of groups back in capitals. Pure. */
export function groupOf(resourceId: string): string {
  return (/\/resourceGroups\/([^/]+)/i.exec(resourceId)?.[1] ?? "").toLowerCase();
}

/** Names of a gallery's parts in a resource id. */
export interface ImageId {
  readonly group: string;
  readonly gallery: string;
  readonly image: string;
  readonly version: string;
}

/** Resource id of one version of an image. Pure. */
export function imageVersionId(subscriptionId: string, { group, gallery, image, version }: ImageId): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${group}/providers/Microsoft.Compute/galleries/${gallery}/images/${image}/versions/${version}`;
}

/**
 * A gallery's version is three whole numbers of 32 bits, compared one by one
 * (learn.microsoft.com/azure/virtual-machines/azure-compute-gallery): the local `20261122.3-0123456789ab` is
 * `20261122.3.1193046`, the last of them the first 28 bits of the key, so that two hosts do not meet in one. Pure.
 * @returns undefined where it is no version of the local store
 */
export function galleryVersion(local: string): string | undefined {
  const [, date, number, key] = /^(\d{8})\.(\d{1,9})-([0-9a-f]{7})[0-9a-f]{5}$/.exec(local) ?? [];
  return date && number && key && [Number(date), Number(number), parseInt(key, 16)].join(".");
}
