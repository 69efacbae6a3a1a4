import { join } from "node:path";
import type { Thing } from "../lib/store";
import type { Account, Tags } from "./account";

export type InstanceState = "pending" | "running" | "stopping" | "stopped" | "shutting-down" | "terminated";

export interface Instance extends Thing {
  readonly state: InstanceState;
  /** As DescribeInstances gives it: `Client.InstanceInitiatedShutdown: Instance initiated shutdown`. */
  readonly stateReason: string;
  readonly imageId: string;
  readonly instanceType: string;
  readonly subnetId: string;
  readonly zone: string;
  readonly privateIp: string;
  /** A loopback address; another one after each start. */
  readonly publicIp: string | undefined;
  readonly networkInterfaceId: string;
  readonly volumeId: string;
  readonly shutdownBehavior: "stop" | "terminate";
  readonly spot: boolean;
  readonly nested: boolean;
  /** As the instance finds it: decoded. */
  readonly userData: string;
  readonly metadata: { readonly tokens: "required" | "optional"; readonly hopLimit: number };
  readonly launchTime: string;
  readonly tags: Tags;
  /** For retries of the same call. */
  readonly clientToken: string | undefined;
}

export interface Volume extends Thing {
  readonly instanceId: string | undefined;
  readonly sizeGiB: number;
  readonly type: string;
  readonly encrypted: boolean;
  readonly deleteOnTermination: boolean;
  readonly tags: Tags;
}

export interface NetworkInterface extends Thing {
  readonly instanceId: string | undefined;
  readonly groups: readonly string[];
  readonly mac: string;
  readonly subnetId: string;
  readonly tags: Tags;
}

export const instances = "instance";
export const volumes = "volume";
export const networkInterfaces = "network-interface";

/** Where the machine that plays the instance works. */
export const folderOf = ({ store }: Account, id: string): string => join(store.folder, "machines", id);

export function changeInstance({ store }: Account, id: string, change: Partial<Instance>): void {
  const instance = store.get<Instance>(instances, id);
  if (instance) store.put(instances, { ...instance, ...change });
}

/** A terminated instance takes with it what was made with it and is to go with it. */
export function release({ store }: Account, id: string): void {
  for (const volume of store.list<Volume>(volumes)) {
    if (volume.instanceId !== id) continue;
    if (volume.deleteOnTermination) store.remove(volumes, volume.id);
    else store.put(volumes, { ...volume, instanceId: undefined } as Volume);
  }
  for (const card of store.list<NetworkInterface>(networkInterfaces))
    if (card.instanceId === id) store.remove(networkInterfaces, card.id);
}
