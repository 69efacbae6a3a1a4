import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listMachines, removeMachine } from "../../../provider/qemu/machine";
import type { MachineImage, MachineSpec } from "../../../provider/qemu/spec";
import { generateKeyPair, type KeyPair } from "../../../provider/ssh-key-format";

/** A KMVM_HOME that is thrown away with every machine in it. */
export interface TestHome {
  readonly home: string;
  readonly userKey: KeyPair;
  readonly hostKey: KeyPair;
  /** An image without anything to boot: enough wherever the guest does not matter. */
  readonly emptyImage: MachineImage;
  spec(id: string, changes?: Partial<MachineSpec>): MachineSpec;
  cleanUp(): Promise<void>;
}

export async function makeTestHome(): Promise<TestHome> {
  const home = await mkdtemp(join(tmpdir(), "kmvm-vm-"));
  const disk = join(home, "empty.raw");
  await writeFile(disk, "");
  await truncate(disk, 16 * 1024 * 1024);
  const emptyImage: MachineImage = {
    name: "empty",
    version: "1",
    disk,
    diskFormat: "raw",
    kernel: "/nonexistent",
    initrd: "/nonexistent",
  };
  const userKey = generateKeyPair("user");
  const hostKey = generateKeyPair("host");
  return {
    home,
    userKey,
    hostKey,
    emptyImage,
    spec: (id, changes = {}) => ({
      id,
      image: emptyImage,
      boot: "uefi",
      vcpus: 1,
      memoryMiB: 256,
      diskGiB: 1,
      expiresAt: new Date(Date.now() + 600_000).toISOString(),
      user: "kmvm",
      authorizedKey: userKey.publicKey,
      hostKey,
      tags: { project: "kmvm", backendHash: "b", stack: "test-dev-1", runId: "r", createdAt: "2026", owner: "me@here" },
      ...changes,
    }),
    async cleanUp() {
      await Promise.all((await listMachines(home)).map(({ id }) => removeMachine(home, id)));
      await rm(home, { recursive: true, force: true });
    },
  };
}
