import { rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { homeFolders } from "../../lib/paths";
import { listLeftovers } from "./inspect";

/** What is left of a machine that was being made or removed when whoever did it was killed. */
export interface QemuRemains {
  /** Name of its folder. */
  readonly id: string;
  readonly stage: "being made" | "being removed";
  readonly machineId: string;
  /** Milliseconds, as Date.now(). */
  readonly changedAt: number;
}

const folderName = /^\.(new|gone)-(.+)\.[0-9a-f]{8}$/;

export async function listRemains(home: string): Promise<QemuRemains[]> {
  const found = await Promise.all(
    (await listLeftovers(home)).map(async (path) => {
      const id = basename(path);
      const [, kind, machineId] = folderName.exec(id) ?? [];
      const changedAt = await stat(path).then(
        ({ mtimeMs }) => mtimeMs,
        () => undefined,
      );
      if (machineId === undefined || changedAt === undefined) return undefined;
      return { id, machineId, changedAt, stage: kind === "new" ? ("being made" as const) : ("being removed" as const) };
    }),
  );
  return found.filter((one) => one !== undefined);
}

/** Succeeds also when there is nothing. */
export async function removeRemains(home: string, id: string): Promise<void> {
  if (!folderName.test(id) || id.includes("/")) throw new Error(`not the remains of a machine: ${id}`);
  await rm(join(homeFolders.machines(home), id), { recursive: true, force: true });
}
