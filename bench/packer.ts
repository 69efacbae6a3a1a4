import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "../cli/doctor-host";
import { findAccelerator } from "../provider/qemu/accelerator";
import { resolveImage } from "../provider/images/store";
import { generateKeyPair } from "../provider/ssh-key-format";
import { benchSize, noCloudSeed } from "./boot";
import { timed } from "./command";
import { firstLine, sample } from "./run";
import type { Lab, Scenario } from "./scenario";
import { warmArguments } from "./warm";

/** What Packer's qemu builder (1.6, the one of Debian) is told: our image, our kernel's direct boot, a user by cloud-init. */
async function template(lab: Lab, folder: string): Promise<string> {
  const image = await resolveImage(lab.home, "L0-base");
  const { accel, cpu } = await findAccelerator();
  const user = generateKeyPair("user");
  const key = join(folder, "key");
  writeFileSync(key, user.privateKey, { mode: 0o600 });
  const seed = await noCloudSeed(folder, user.publicKey, generateKeyPair("host"));
  const file = join(folder, "template.json");
  const builder = {
    type: "qemu",
    headless: true,
    // What disk it makes nobody reads; a backing file it cannot use, since it does not tell qemu-img the format.
    ...{ disk_image: true, iso_url: image.disk, iso_checksum: "none", disk_size: "20G", format: "qcow2" },
    ...{ disk_interface: "virtio", disk_cache: "unsafe", skip_compaction: true },
    output_directory: join(folder, "output"),
    ...{ ssh_username: "kmvm", ssh_private_key_file: key, ssh_timeout: "5m" },
    shutdown_command: "sudo poweroff",
    qemuargs: [
      ["-machine", "type=q35"],
      ["-accel", accel],
      ["-cpu", cpu],
      ["-smp", String(benchSize.vcpus)],
      ["-m", `${benchSize.memoryMiB}M`],
      ["-kernel", image.kernel],
      ["-initrd", image.initrd],
      ["-append", "root=PARTLABEL=l0root ro console=ttyS0,115200"],
      ["-drive", `if=virtio,file=${join(folder, "output", "packer-qemu")},format=qcow2,cache=unsafe`],
      ["-drive", `if=virtio,file=${seed},format=raw`],
    ],
  };
  const provisioners = [
    { type: "file", source: join(lab.root, sample), destination: "/tmp" },
    { type: "shell", inline: ["cd /tmp/km-hello", "sudo make test HYPERVISOR_DEVICE=/dev/kvm"] },
  ];
  writeFileSync(file, JSON.stringify({ builders: [builder], provisioners }));
  return file;
}

async function byPacker(lab: Lab): Promise<{ first: number; whole: number }> {
  const folder = join(lab.scratch, "packer");
  mkdirSync(folder);
  try {
    const file = await template(lab, folder);
    const run = await timed(lab, ["packer", "build", "-color=false", file], { patterns: { line: /km-hello: / } });
    return { first: run.at["line"] ?? NaN, whole: run.seconds };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The whole cycle, a fresh machine, the sample's test, nothing left, by Packer and by a run in a clone, in turn. */
export const packer: Scenario = {
  ids: ["packer.first_line", "packer.whole", "packer.ratio_first", "packer.ratio_whole"],
  missing: () => (findProgram("packer", process.env["PATH"] ?? "") ? undefined : "apt-get install packer"),
  round: async (lab) => {
    const theirs = await byPacker(lab);
    const ours = await timed(lab, warmArguments("bench-packer"), { patterns: firstLine });
    return {
      "packer.first_line": theirs.first,
      "packer.whole": theirs.whole,
      "packer.ratio_first": (ours.at["line"] ?? NaN) / theirs.first,
      "packer.ratio_whole": ours.seconds / theirs.whole,
    };
  },
};
