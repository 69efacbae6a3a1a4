import { hostname } from "node:os";
import { identify, isAlive } from "../../lib/process";
import { userName } from "../../lib/user-name";
import { listMachines, removeMachine, type MachineTags } from "../qemu/machine";

/** In place of a state's hash: machines of smoke tests belong to the process that tests, and to no stack. */
export const smokeBackendHash = "image-smoke";

/** Tags of a machine that this process tests an image in; `runId` tells the process. */
export function smokeTags(image: string, createdAt: Date): MachineTags {
  return {
    project: "kmvm",
    backendHash: smokeBackendHash,
    stack: `image-${image}`,
    runId: `${process.pid}.${identify(process.pid)?.startTime ?? 0}`,
    createdAt: createdAt.toISOString(),
    owner: `${userName()}@${hostname()}`,
  };
}

/** Whether the process that tests an image in a machine of these tags is gone. */
export function isAbandonedSmoke({ backendHash, runId }: Pick<MachineTags, "backendHash" | "runId">): boolean {
  const [pid = 0, startTime = 0] = runId.split(".").map(Number);
  return backendHash === smokeBackendHash && !isAlive({ pid, startTime });
}

/** Ids of machines of smoke tests that were killed. */
export async function listAbandonedSmokes(home: string): Promise<string[]> {
  return (await listMachines(home)).filter(({ tags }) => isAbandonedSmoke(tags)).map(({ id }) => id);
}

/** @returns ids of the machines that were removed */
export async function removeAbandonedSmokes(home: string): Promise<string[]> {
  const ids = await listAbandonedSmokes(home);
  for (const id of ids) await removeMachine(home, id);
  return ids;
}
