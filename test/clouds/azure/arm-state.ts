import type { Blobs } from "../fake-arm/blobs";
import { versionType } from "../fake-arm/galleries";
import { ArmState, type Resource } from "../fake-arm/state";
import { consoleText, hostOf } from "../lib/machine/control";
import { endMachine, machineType, startStopped, stopMachine } from "./machine-power";
import { StoredBlobs } from "./stored-blobs";
import { copyFromBlob, diskOf, removeDisk } from "./version-disk";
import { folderOf, getResource, listResources, putResource, removeResource, type Subscription } from "./subscription";

/**
 * The same subscription for the played Resource Manager that the verbs speak to: what plugins make it finds, what it
 * removes is removed, with the machines that play it.
 */
export class StoredArmState extends ArmState {
  override readonly blobs: Blobs;
  /** What machines do that the answer did not wait for. */
  private readonly underWay = new Set<Promise<void>>();
  /** Machines whose guests are shutting down, although the answer says that they are off. */
  private readonly stopping = new Map<string, Promise<void>>();

  constructor(
    private readonly subscription: Subscription,
    subscriptionId: string,
    pollsPerOperation = 2,
  ) {
    super(subscriptionId, pollsPerOperation);
    this.blobs = new StoredBlobs(subscription.store);
  }

  override put(resource: Resource): Resource {
    const before = getResource(this.subscription, resource.id);
    // The console is the machine's, not the subscription's.
    const { console: _, ...kept } = resource;
    if (resource.type === versionType && kept.properties["provisioningState"] === "Succeeded")
      if (!diskOf(this.subscription, kept.id)) copyFromBlob(this.subscription, kept);
    putResource(this.subscription, kept);
    const { id, power } = resource;
    if (resource.type === machineType && before && before.power !== power) {
      if (power === "running") this.start(id);
      if (power === "deallocated") this.stop(id);
    }
    return resource;
  }

  override get(id: string): Resource | undefined {
    return this.withConsole(getResource(this.subscription, id));
  }

  override list(type: string): Resource[] {
    return listResources(this.subscription).filter((one) => one.type === type);
  }

  override remove(id: string): void {
    const key = id.toLowerCase();
    for (const one of listResources(this.subscription)) {
      const other = one.id.toLowerCase();
      if (other !== key && !other.startsWith(`${key}/`)) continue;
      if (one.type === versionType) removeDisk(this.subscription, one.id);
      if (one.type === machineType) this.follow(endMachine(this.subscription, one.id));
      removeResource(this.subscription, one.id);
    }
  }

  override get size(): number {
    return listResources(this.subscription).length;
  }

  /** Waits until no machine is being started or ended any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.underWay);
  }

  private start(id: string): void {
    const stopped = this.stopping.get(id);
    if (stopped === undefined && hostOf(folderOf(this.subscription, id))) return;
    this.follow((stopped ?? Promise.resolve()).then(() => startStopped(this.subscription, id)));
  }

  private stop(id: string): void {
    const stopped = stopMachine(this.subscription, id).finally(() => this.stopping.delete(id));
    this.stopping.set(id, stopped);
    this.follow(stopped);
  }

  private follow(work: Promise<void>): void {
    const followed: Promise<void> = work.finally(() => this.underWay.delete(followed));
    this.underWay.add(followed);
  }

  private withConsole(resource: Resource | undefined): Resource | undefined {
    if (resource?.type !== machineType) return resource;
    return { ...resource, console: consoleText(folderOf(this.subscription, resource.id)).toString("utf8") };
  }
}
