import { linkSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Disk } from "../lib/machine/control";
import { blobFile, blobKind } from "./stored-blobs";
import type { Subscription } from "./subscription";
import type { Resource } from "../fake-arm/state";

interface VersionDisk extends Disk {
  readonly id: string;
  readonly sizeGiB: number;
}

const kind = "disk";

/** The bytes that machines of a version boot from; undefined: it has none. */
export const diskOf = ({ store }: Subscription, versionId: string): VersionDisk | undefined =>
  store.get<VersionDisk>(kind, versionId.toLowerCase());

export const giveDisk = ({ store }: Subscription, versionId: string, disk: Disk, sizeGiB: number): void => {
  store.put<VersionDisk>(kind, { id: versionId.toLowerCase(), ...disk, sizeGiB });
};

/** Copies a version from the blob that it names, as Azure does. The blob may go afterwards. @throws when there is none */
export function copyFromBlob(subscription: Subscription, { id, properties }: Resource): void {
  const { store } = subscription;
  const profile = properties["storageProfile"] as { osDiskImage?: { source?: { uri?: string } } } | undefined;
  const url = new URL(profile?.osDiskImage?.source?.uri ?? "https://nowhere");
  const path = decodeURI(url.pathname.slice(1));
  const blob = store.get<{ id: string; bytes: number }>(blobKind, path);
  if (!blob) throw new Error(`there is no blob ${path} to copy ${id} from`);
  const file = join(store.folder, "versions", `${id.split("/").at(-1) ?? ""}.vhd`);
  mkdirSync(join(store.folder, "versions"), { recursive: true });
  rmSync(file, { force: true });
  linkSync(blobFile(store, path), file);
  giveDisk(subscription, id, { path: file, format: "vpc" }, Math.floor(blob.bytes / 1024 ** 3));
}

export function removeDisk(subscription: Subscription, versionId: string): void {
  const disk = diskOf(subscription, versionId);
  if (disk?.format === "vpc") rmSync(disk.path, { force: true });
  subscription.store.remove(kind, versionId.toLowerCase());
}
