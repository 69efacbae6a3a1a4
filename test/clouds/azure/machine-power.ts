import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../../lib/errors";
import { retryUntil } from "../../../lib/retry";
import { HalfMade } from "../../../plugin/resource";
import { findAccelerator } from "../../../provider/qemu/accelerator";
import type { Resource } from "../fake-arm/state";
import { endMachines, hostOf, prepareMachine, signalMachine, startMachine } from "../lib/machine/control";
import type { MachinePlan } from "../lib/machine/plan";
import { digest } from "../lib/rehearsed";
import { outputsOf } from "./arm-type";
import { makeMedia } from "./media";
import { sizes } from "./sizes";
import { diskOf } from "./version-disk";
import { folderOf, getResource, putResource, type Subscription } from "./subscription";

export const machineType = "Microsoft.Compute/virtualMachines";
/** There when the guest has told the wire server that it is ready. */
export const readyFile = "ready";
const mediaFile = "provisioning.iso";

/** That a machine was made of an image: also when neither is there any more. Sorted by its id, which begins with the time. */
export interface Booted {
  readonly id: string;
  readonly imageId: string;
}
export const bootedKind = "booted";

/** No rehearsal takes longer; a machine that one leaves ends then. */
const lifeMs = 2 * 3600 * 1000;
/** A small host plays big machines. */
const most = { vcpus: 2, memoryMiB: 2048 };

interface MachineProperties {
  readonly hardwareProfile: { readonly vmSize: string };
  readonly storageProfile: {
    readonly imageReference: { readonly id: string };
    readonly osDisk: { readonly diskSizeGB?: number };
  };
  readonly osProfile: { readonly computerName: string; readonly adminUsername: string; readonly customData?: string };
  readonly networkProfile: { readonly networkInterfaces: readonly { readonly id: string }[] };
}

export const propertiesOf = (machine: Resource): MachineProperties =>
  machine.properties as unknown as MachineProperties;

/** The network interface of a machine, and the address that it is reached by. */
export function cardOf(
  subscription: Subscription,
  machine: Resource,
): { mac: string; address: string; card: Resource | undefined } {
  const card = getResource(subscription, propertiesOf(machine).networkProfile.networkInterfaces[0]?.id ?? "");
  const configurations = (card?.properties["ipConfigurations"] ?? []) as { publicIPAddress?: { id: string } }[];
  const address = getResource(subscription, configurations[0]?.publicIPAddress?.id ?? "");
  return {
    mac: String(card?.properties["macAddress"] ?? "00-0D-3A-00-00-01")
      .replaceAll("-", ":")
      .toLowerCase(),
    address: String(address?.properties["ipAddress"] ?? "127.0.0.1"),
    card,
  };
}

/**
 * @see https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16 the wire server
 * @see https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service 169.254.169.254
 * The asset tag is the same on every machine: cloudinit/sources/azure/identity.py
 */
async function planOf(subscription: Subscription, machine: Resource): Promise<MachinePlan> {
  const size = sizes[propertiesOf(machine).hardwareProfile.vmSize];
  const accelerator = await findAccelerator();
  const plain = accelerator.name === "tcg" ? (accelerator.cpu.split(",")[0] ?? "") : `${accelerator.cpu},-vmx,-svm`;
  const hash = digest(32, machine.id);
  const uuid = hash.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  const { mac, address } = cardOf(subscription, machine);
  const guestfwd = (to: string): string => `guestfwd=tcp:${to}:80-cmd:socat STDIO UNIX-CONNECT:metadata.sock`;
  return {
    id: digest(12, machine.id),
    address,
    vcpus: Math.min(size?.vcpus ?? 1, most.vcpus),
    memoryMiB: Math.min(size?.memoryMiB ?? 1024, most.memoryMiB),
    accel: accelerator.accel,
    cpu: size?.nested ? accelerator.cpu : plain,
    disk: "scsi",
    diskSerial: digest(16, machine.id),
    mac,
    smbios: [
      `type=1,manufacturer=Microsoft Corporation,product=Virtual Machine,uuid=${uuid}`,
      "type=3,manufacturer=Microsoft Corporation,asset=7783-7084-3265-9085-8269-3286-77",
    ],
    network: [
      "net=168.0.0.0/7,host=168.63.0.2,dns=168.63.0.3,dhcpstart=168.63.0.15",
      guestfwd("169.254.169.254"),
      guestfwd("168.63.129.16"),
    ],
    disc: mediaFile,
    deadline: Date.now() + lifeMs,
  };
}

const onPaper = ({ store }: Subscription): boolean => store.get("policy", "no-machines") !== undefined;

async function boot(subscription: Subscription, machine: Resource): Promise<void> {
  const { store } = subscription;
  const program = [process.execPath, join(store.folder, "bin", "azure-host.js"), store.folder, machine.id];
  await startMachine(folderOf(subscription, machine.id), await planOf(subscription, machine), program);
}

const setPower = (subscription: Subscription, id: string, power: string): Promise<void> =>
  subscription.store.exclusively(() => {
    const machine = getResource(subscription, id);
    if (machine) putResource(subscription, { ...machine, power });
  });

/**
 * The machine boots and provisions itself; it is made when the guest says that it is ready.
 * @see https://learn.microsoft.com/troubleshoot/azure/virtual-machines/linux/provisioning-timed-out-linux OSProvisioningTimedOut
 */
export async function bootNewMachine(subscription: Subscription, id: string): Promise<void> {
  const machine = getResource(subscription, id);
  if (!machine) throw new Error(`there is no ${id}`);
  await setPower(subscription, id, "running");
  const imageId = propertiesOf(machine).storageProfile.imageReference.id;
  subscription.store.put<Booted>(bootedKind, { id: `${Date.now()} ${id}`, imageId });
  if (onPaper(subscription)) return;
  const folder = folderOf(subscription, id);
  const { storageProfile, osProfile } = propertiesOf(machine);
  const disk = diskOf(subscription, imageId);
  if (!disk) throw new Error(`${imageId} has no bytes`);
  try {
    prepareMachine(folder, disk, storageProfile.osDisk.diskSizeGB ?? disk.sizeGiB);
    makeMedia(join(folder, mediaFile), osProfile);
    await boot(subscription, machine);
    await retryUntil({
      what: "the guest to say that it is ready",
      timeoutMs: 20 * 60_000,
      intervalMs: 200,
      attempt: () => {
        if (existsSync(join(folder, readyFile))) return true;
        if (hostOf(folder)) return undefined;
        throw new Error("the machine ended while it was being provisioned");
      },
    });
  } catch (error) {
    throw new HalfMade(id, outputsOf(machine), [
      `Status=409 Code="OSProvisioningTimedOut" Message="OS Provisioning for VM '${machine.name}' did not finish in the allotted time: ${messageOf(error)}"`,
    ]);
  }
}

/** Ends the machine that plays it, if there is one. */
export async function endMachine(subscription: Subscription, id: string): Promise<void> {
  const folder = folderOf(subscription, id);
  await endMachines([folder]);
  if (existsSync(folder)) rmSync(folder, { recursive: true, force: true });
}

/** Deallocates: what runs in it is told to shut down first. */
export async function stopMachine(subscription: Subscription, id: string): Promise<void> {
  const folder = folderOf(subscription, id);
  if (signalMachine(folder, "powerButton"))
    await retryUntil({
      what: `${id} to stop`,
      timeoutMs: 120_000,
      intervalMs: 100,
      attempt: () => (hostOf(folder) ? undefined : true),
    });
  await setPower(subscription, id, "deallocated");
}

export async function startStopped(subscription: Subscription, id: string): Promise<void> {
  const machine = getResource(subscription, id);
  if (!machine) return;
  if (!onPaper(subscription) && !hostOf(folderOf(subscription, id))) await boot(subscription, machine);
  await setPower(subscription, id, "running");
}

/** What the host of a machine notes when the guest says so. */
export const noteReady = (folder: string): void => {
  writeFileSync(join(folder, readyFile), "");
};
