import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { retryUntil } from "../../../lib/retry";
import { findAccelerator } from "../../../provider/qemu/accelerator";
import { hostOf, prepareMachine, signalMachine, startMachine } from "../lib/machine/control";
import type { MachinePlan } from "../lib/machine/plan";
import { digest } from "../lib/rehearsed";
import type { Account } from "./account";
import { ApiError } from "./api-error";
import { instanceTypes } from "./facts";
import { images, snapshots, type Image, type Snapshot } from "./image-model";
import {
  changeInstance,
  folderOf,
  instances,
  networkInterfaces,
  release,
  volumes,
  type Instance,
  type NetworkInterface,
  type Volume,
} from "./instance-model";
import { freeAddress } from "./run-instance";

/** No rehearsal takes longer; a machine that one leaves ends then. */
const lifeMs = 2 * 3600 * 1000;
/** A small host plays big machines. */
const most = { vcpus: 2, memoryMiB: 2048 };

/**
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/identify_ec2_instances.html: the UUID begins with ec2
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html: 169.254.169.254
 */
async function planOf(account: Account, instance: Instance): Promise<MachinePlan> {
  const { store } = account;
  const type = instanceTypes[instance.instanceType];
  const card = store.get<NetworkInterface>(networkInterfaces, instance.networkInterfaceId);
  const accelerator = await findAccelerator();
  const cpu = accelerator.cpu.split(",")[0] ?? accelerator.cpu;
  const hash = digest(29, instance.id);
  const uuid = `ec2${hash.slice(0, 5)}-${hash.slice(5, 9)}-${hash.slice(9, 13)}-${hash.slice(13, 17)}-${hash.slice(17, 29)}`;
  return {
    id: instance.id,
    address: instance.publicIp ?? "127.0.0.1",
    vcpus: Math.min(type?.vcpus ?? 1, most.vcpus),
    memoryMiB: Math.min(type?.memoryMiB ?? 1024, most.memoryMiB),
    accel: accelerator.accel,
    // A guest sees virtualisation extensions only where they were asked for.
    cpu: instance.nested ? accelerator.cpu : accelerator.name === "tcg" ? cpu : `${cpu},-vmx,-svm`,
    disk: "nvme",
    diskSerial: instance.volumeId.replace("-", ""),
    mac: card?.mac ?? "06:00:00:00:00:01",
    smbios: [`type=1,manufacturer=Amazon EC2,product=${instance.instanceType},uuid=${uuid},serial=${uuid}`],
    network: [
      "net=169.254.0.0/16,host=169.254.0.2,dns=169.254.0.3,dhcpstart=169.254.0.15",
      "guestfwd=tcp:169.254.169.254:80-cmd:socat STDIO UNIX-CONNECT:metadata.sock",
    ],
    deadline: Date.now() + lifeMs,
  };
}

/** Whether instances are only on paper: for tests of what is made and removed, which no guest takes part in. */
const onPaper = ({ store }: Account): boolean => store.get("policy", "no-machines") !== undefined;

async function boot(account: Account, instance: Instance): Promise<void> {
  const { store } = account;
  const program = [process.execPath, join(store.folder, "bin", "aws-host.js"), store.folder, instance.id];
  if (!onPaper(account)) await startMachine(folderOf(account, instance.id), await planOf(account, instance), program);
  await store.exclusively(() => {
    // Terminated meanwhile is terminated.
    if (store.get<Instance>(instances, instance.id)?.state === "pending")
      changeInstance(account, instance.id, { state: "running" });
  });
}

/** What RunInstances sets off: the instance boots from its image. @returns when it is `running` */
export async function bootNewInstance(account: Account, instance: Instance): Promise<void> {
  const { store } = account;
  const image = store.get<Image>(images, instance.imageId);
  const snapshot = store.get<Snapshot>(snapshots, image?.snapshotId ?? "");
  const volume = store.get<Volume>(volumes, instance.volumeId);
  if (!snapshot || !volume) throw new Error(`${instance.id} has no disk`);
  if (!onPaper(account)) prepareMachine(folderOf(account, instance.id), snapshot.disk, volume.sizeGiB);
  await boot(account, instance);
}

const find = ({ store }: Account, id: string): Instance => {
  const instance = store.get<Instance>(instances, id);
  // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html InvalidInstanceID.NotFound
  if (!instance) throw new ApiError("InvalidInstanceID.NotFound", `The instance ID '${id}' does not exist`);
  return instance;
};

const wrongState = (id: string): ApiError =>
  new ApiError("IncorrectInstanceState", `The instance '${id}' is not in a state from which it can be changed.`);

async function waitFor(account: Account, id: string, state: Instance["state"]): Promise<void> {
  await retryUntil({
    what: `${id} to be ${state}`,
    timeoutMs: 120_000,
    intervalMs: 50,
    attempt: () => {
      const is = account.store.get<Instance>(instances, id)?.state;
      return is === state || is === "terminated" ? true : undefined;
    },
  });
}

/** TerminateInstances of one; also of one that is terminated already. @returns when it is @throws ApiError */
export async function terminateInstance(account: Account, id: string, reason: string): Promise<void> {
  const { store } = account;
  const was = await store.exclusively(() => {
    const { state } = find(account, id);
    if (state !== "terminated") changeInstance(account, id, { state: "shutting-down", stateReason: reason });
    return state;
  });
  if (was === "terminated") return;
  if (signalMachine(folderOf(account, id), "kill")) await waitFor(account, id, "terminated");
  else
    await store.exclusively(() => {
      finish(account, id);
    });
}

/** StopInstances of one. @returns when it is stopped @throws ApiError */
export async function stopInstance(account: Account, id: string): Promise<void> {
  const { store } = account;
  await store.exclusively(() => {
    const { state, spot } = find(account, id);
    if (state !== "running") throw wrongState(id);
    // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/stop-spot-instance.html: only those of a persistent request
    if (spot)
      throw new ApiError(
        "UnsupportedOperation",
        `You can't stop the Spot Instance '${id}' because it is associated with a one-time Spot Instance request.`,
      );
    changeInstance(account, id, { state: "stopping", stateReason: "Client.UserInitiatedShutdown" });
  });
  if (signalMachine(folderOf(account, id), "powerButton")) await waitFor(account, id, "stopped");
  else
    await store.exclusively(() => {
      finish(account, id);
    });
}

/** StartInstances of one: with another public address. @throws ApiError */
export async function startInstance(account: Account, id: string): Promise<void> {
  const instance = await account.store.exclusively(() => {
    const { state, publicIp } = find(account, id);
    if (state !== "stopped") throw wrongState(id);
    // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-instance-addressing.html: released at stop, new at start
    const address = publicIp === undefined ? {} : { publicIp: freeAddress(account) };
    changeInstance(account, id, { state: "pending", stateReason: "", ...address });
    return find(account, id);
  });
  await boot(account, instance);
}

/** Whether somebody may still be at work on the machine. */
export const isOn = (account: Account, id: string): boolean => hostOf(folderOf(account, id)) !== undefined;

/**
 * What becomes of an instance whose machine has ended: what was asked for, or, when the guest switched itself off, what
 * its InstanceInitiatedShutdownBehavior says. One transaction.
 */
export function finish(account: Account, id: string): void {
  const instance = account.store.get<Instance>(instances, id);
  if (!instance) return;
  const own = instance.state === "running" || instance.state === "pending";
  const stops = instance.state === "stopping" || (own && instance.shutdownBehavior === "stop");
  const reason = own ? "Client.InstanceInitiatedShutdown: Instance initiated shutdown" : instance.stateReason;
  changeInstance(account, id, { state: stops ? "stopped" : "terminated", stateReason: reason });
  if (stops) return;
  release(account, id);
  const folder = folderOf(account, id);
  if (existsSync(folder)) rmSync(folder, { recursive: true, force: true });
}
