import { firmware } from "../../../../provider/qemu/firmware";
import { files as qemuFiles } from "../../../../provider/qemu/folder";

/** A local machine that plays one of a cloud; the file `plan.json` in its folder. */
export interface MachinePlan {
  readonly id: string;
  /** Loopback address whose port 22 is the guest's, as far as the firewall lets one in. */
  readonly address: string;
  readonly vcpus: number;
  readonly memoryMiB: number;
  /** Values of -accel and -cpu. */
  readonly accel: string;
  readonly cpu: string;
  /** How the guest's disk is attached: NVMe as on Nitro, SCSI as on Hyper-V. */
  readonly disk: "nvme" | "scsi";
  readonly diskSerial: string;
  readonly mac: string;
  /** Values of -smbios. */
  readonly smbios: readonly string[];
  /** Options of -netdev user: networks, addresses, guestfwd. */
  readonly network: readonly string[];
  /** A disc in a drive: the provisioning media. */
  readonly disc?: string;
  /** Milliseconds, as Date.now(): it ends then, whoever else is dead. */
  readonly deadline: number;
}

/** Where the guest's ssh is on the machine's address; port 22 of it is behind the firewall of its host. */
export const guestPort = 2022;

/** Names in the machine's folder. QEMU works there, so its arguments and its sockets have short paths. */
export const machineFiles = {
  plan: "plan.json",
  overlay: "disk.qcow2",
  firmwareVariables: "variables.fd",
  console: "console.log",
  /** Socket of the metadata service. */
  metadata: "metadata.sock",
  /** What QEMU and the process that keeps it say. */
  log: "host.log",
  /** Who keeps it: a ProcessIdentity. There once QEMU answers. */
  host: "host.json",
} as const;

const diskDevices: Record<MachinePlan["disk"], (serial: string) => string[]> = {
  nvme: (serial) => ["-device", `nvme,drive=disk,serial=${serial},bootindex=1`],
  scsi: (serial) => [
    ...["-device", "virtio-scsi-pci,id=scsi"],
    ...["-device", `scsi-hd,drive=disk,bus=scsi.0,serial=${serial},bootindex=1`],
  ],
};

/** QEMU's arguments. Nothing is given to the kernel: it boots as the firmware finds it on the disk. */
export function machineArguments(plan: MachinePlan): string[] {
  const network = ["user,id=net,ipv6=off", ...plan.network, `hostfwd=tcp:${plan.address}:${guestPort}-:22`].join(",");
  return [
    ...["-name", `rehearsal-${plan.id}`, "-nodefaults", "-no-user-config", "-display", "none"],
    ...["-machine", "q35", "-accel", plan.accel, "-cpu", plan.cpu],
    ...["-smp", String(plan.vcpus), "-m", `${plan.memoryMiB}M`],
    ...plan.smbios.flatMap((value) => ["-smbios", value]),
    ...["-drive", `if=pflash,unit=0,format=raw,readonly=on,file=${firmware.code}`],
    ...["-drive", `if=pflash,unit=1,format=raw,file=${machineFiles.firmwareVariables}`],
    ...["-drive", `if=none,id=disk,file=${machineFiles.overlay},format=qcow2,cache=unsafe,discard=unmap`],
    ...diskDevices[plan.disk](plan.diskSerial),
    ...(plan.disc === undefined
      ? []
      : [
          ...["-drive", `if=none,id=disc,file=${plan.disc},format=raw,readonly=on`],
          ...["-device", "virtio-scsi-pci,id=drives", "-device", "scsi-cd,bus=drives.0,drive=disc"],
        ]),
    ...["-netdev", network, "-device", `virtio-net-pci,netdev=net,mac=${plan.mac},romfile=`],
    ...["-object", "rng-random,id=rng,filename=/dev/urandom", "-device", "virtio-rng-pci,rng=rng"],
    ...["-chardev", `socket,id=qmp,path=${qemuFiles.qmp},server=on,wait=off`, "-mon", "chardev=qmp,mode=control"],
    ...["-chardev", `file,id=console,path=${machineFiles.console},append=on`, "-serial", "chardev:console"],
  ];
}
