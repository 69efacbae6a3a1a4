import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { waitForSsh } from "../lib/ssh-wait";
import { findAccelerator } from "../provider/qemu/accelerator";
import { resolveImage } from "../provider/images/store";
import { removeMachine, startMachine } from "../provider/qemu/machine";
import type { MachineImage, MachineSpec } from "../provider/qemu/spec";
import { generateKeyPair } from "../provider/ssh-key-format";
import type { Lab, Scenario } from "./scenario";

/** The usual size. */
export const benchSize = { vcpus: 2, memoryMiB: 2048 };
const address = "127.86.77.1";
const port = 2222;

/** Waits until the machine lets us in and has run a command. */
export async function firstSsh(target: {
  address: string;
  port: number;
  user: string;
  privateKey: string;
  hostKey: string;
}): Promise<void> {
  const connection = await waitForSsh({ ...target, timeoutMs: 300_000 });
  try {
    await connection.exec("true");
  } finally {
    connection.close();
  }
}

/** A machine of the usual size for one measurement, and the key that lets in. */
export function benchMachine(name: string, image: MachineImage): { spec: MachineSpec; privateKey: string } {
  const user = generateKeyPair("user");
  const createdAt = new Date();
  const spec: MachineSpec = {
    id: `bench-${name}-${process.pid}`,
    image,
    boot: "direct",
    ...benchSize,
    diskGiB: 20,
    expiresAt: new Date(createdAt.getTime() + 600_000).toISOString(),
    user: "kmvm",
    authorizedKey: user.publicKey,
    hostKey: generateKeyPair("host"),
    tags: {
      project: "kmvm",
      backendHash: "",
      stack: "bench",
      runId: "bench",
      createdAt: createdAt.toISOString(),
      owner: "bench",
    },
  };
  return { spec, privateKey: user.privateKey };
}

/** Seconds from starting QEMU our way to the end of the first command over ssh. */
async function ours({ home }: Lab): Promise<number> {
  const { spec, privateKey } = benchMachine("boot", await resolveImage(home, "L0-base"));
  const started = performance.now();
  const machine = await startMachine(home, spec);
  try {
    await firstSsh({ ...machine, privateKey, hostKey: spec.hostKey.publicKey });
    return (performance.now() - started) / 1000;
  } finally {
    await removeMachine(home, spec.id);
  }
}

const indented = (text: string) => text.trimEnd().replaceAll("\n", "\n    ");

/** The seed of cloud-init's NoCloud datasource: a small disk labelled CIDATA. */
export async function noCloudSeed(
  folder: string,
  user: string,
  host: { publicKey: string; privateKey: string },
): Promise<string> {
  const seed = join(folder, "seed.img");
  writeFileSync(join(folder, "meta-data"), "instance-id: bench\nlocal-hostname: bench\n");
  writeFileSync(
    join(folder, "user-data"),
    `#cloud-config
users:
  - name: kmvm
    ssh_authorized_keys: ["${user.trim()}"]
ssh_deletekeys: false
ssh_keys:
  ed25519_private: |
    ${indented(host.privateKey)}
  ed25519_public: ${host.publicKey.trim()}
`,
  );
  await execa("truncate", ["-s", "1M", seed]);
  await execa("mkfs.vfat", ["-n", "CIDATA", seed]);
  await execa("mcopy", ["-i", seed, join(folder, "meta-data"), join(folder, "user-data"), "::"]);
  return seed;
}

/** The same for the same disk the usual way: virtio-blk, initrd, cloud-init as it comes with the distribution. */
async function stock({ home, scratch }: Lab): Promise<number> {
  const user = generateKeyPair("user");
  const hostKey = generateKeyPair("host");
  const image = await resolveImage(home, "L0-base");
  const accelerator = await findAccelerator();
  const folder = join(scratch, "stock-boot");
  mkdirSync(folder, { recursive: true });
  const seed = await noCloudSeed(folder, user.publicKey, hostKey);
  const overlay = join(folder, "overlay.qcow2");
  await execa("qemu-img", ["create", "-q", "-f", "qcow2", "-F", image.diskFormat, "-b", image.disk, overlay, "20G"]);
  const started = performance.now();
  const qemu = execa(
    "qemu-system-x86_64",
    [
      ...["-nodefaults", "-display", "none", "-machine", "q35", "-accel", accelerator.accel, "-cpu", accelerator.cpu],
      ...["-smp", String(benchSize.vcpus), "-m", `${benchSize.memoryMiB}M`, "-serial", "file:console.log"],
      ...[
        "-drive",
        `if=virtio,file=${overlay},format=qcow2,cache=unsafe`,
        "-drive",
        `if=virtio,file=${seed},format=raw`,
      ],
      ...[
        "-netdev",
        `user,id=net,ipv6=off,hostfwd=tcp:${address}:${port}-:22`,
        "-device",
        "virtio-net-pci,netdev=net,romfile=",
      ],
      ...["-object", "rng-random,id=rng,filename=/dev/urandom", "-device", "virtio-rng-pci,rng=rng"],
      ...["-kernel", image.kernel, "-initrd", image.initrd, "-append", "root=PARTLABEL=l0root ro console=ttyS0,115200"],
    ],
    {
      cwd: folder,
      stdin: "ignore",
      stdout: "ignore",
      stderr: { file: join(folder, "qemu.log") },
      reject: false,
      cleanup: true,
    },
  );
  try {
    await firstSsh({ address, port, user: "kmvm", privateKey: user.privateKey, hostKey: hostKey.publicKey });
    return (performance.now() - started) / 1000;
  } finally {
    qemu.kill("SIGKILL");
    await qemu;
  }
}

/** Both in turn, so that a machine that slows down slows both. */
export const boot: Scenario = {
  ids: ["boot.ours", "boot.stock", "boot.ratio"],
  round: async (lab) => {
    const stockSeconds = await stock(lab);
    const ourSeconds = await ours(lab);
    return { "boot.stock": stockSeconds, "boot.ours": ourSeconds, "boot.ratio": ourSeconds / stockSeconds };
  },
};
