import type { Accelerator } from "./accelerator";
import type { Endpoint } from "./address";
import { firmware } from "./firmware";
import { files, shellSockets } from "./folder";
import type { Boot, Hardware, MachineSpec } from "./spec";

/** Name of QEMU's process list entry; how a machine's processes are recognised. */
export const guestName = (id: string) => `kmvm-${id}`;

/**
 * What emulation makes dear and nobody needs. The crypto modules that udev loads for the CPU's features test
 * themselves: without that the guest executes a fifth fewer instructions until the first ssh (-icount, one CPU: 9.6 and
 * 9.6 against 7.6, 7.7 and 7.9). There is no speculation to defend against either; that saves 3 %, hardly more than
 * two boots differ.
 */
const emulatedOnly = ["mitigations=off", "cryptomgr.notests"];

/**
 * The kernel's command line for direct boot.
 *
 * cloud-init is for clouds; here its work is done by credentials. Panics reach the console at any loglevel, and
 * an NMI, which nobody sends to a guest that is well, makes one: where a guest hangs is told by the backtrace.
 */
export function kernelCommandLine(
  { id, hardware, alsoStart = [] }: Pick<MachineShape, "id" | "hardware" | "alsoStart">,
  accelerator: Pick<Accelerator, "name">,
): string {
  return [
    hardwareArguments[hardware].root,
    "console=ttyS0,115200",
    "cloud-init=disabled",
    "unknown_nmi_panic",
    `systemd.hostname=${id}`,
    ...alsoStart.map((unit) => `systemd.wants=${unit}`),
    ...(accelerator.name === "tcg" ? emulatedOnly : []),
  ].join(" ");
}

/** Memory in a file. */
export interface MemoryFile {
  readonly path: string;
  /** Whether what the guest writes goes into the file. */
  readonly share: boolean;
}

/** What of a machine QEMU is told by arguments. */
export interface MachineShape extends Pick<MachineSpec, "id" | "image" | "boot" | "vcpus" | "memoryMiB"> {
  readonly hardware: Hardware;
  readonly alsoStart?: MachineSpec["alsoStart"] | undefined;
  readonly cloneOf?: MachineSpec["cloneOf"] | undefined;
  readonly memoryFile?: MemoryFile;
  /** Wait for a saved state instead of booting. */
  readonly incoming?: true;
}

interface HardwareArguments {
  /** Where the kernel finds the root. */
  readonly root: string;
  readonly initrd: boolean;
  readonly arguments: readonly string[];
}

/** A port /dev/virtio-ports/kmvm.NAME of the guest, whose other end is a socket in the machine's folder. */
const guestPort = (name: string, socket: string) => [
  ...["-chardev", `socket,id=${name},path=${socket},server=on,wait=off`],
  ...["-device", `virtserialport,chardev=${name},name=kmvm.${name}`],
];

const hardwareArguments: Record<Hardware, HardwareArguments> = {
  // Named by device: naming it by label would need an initrd, and NVMe, unlike virtio-blk, is built into the kernel.
  nvme: {
    root: "root=/dev/nvme0n1p2 rootwait ro",
    initrd: false,
    arguments: ["-device", "nvme,drive=disk,serial=kmvm,bootindex=1"],
  },
  migratable: {
    root: "root=PARTLABEL=l0root ro",
    initrd: true,
    arguments: [
      ...["-device", "virtio-blk-pci,drive=disk,serial=kmvm,bootindex=1"],
      ...["-device", "virtio-serial-pci"],
      ...guestPort("door", files.door),
      ...shellSockets.flatMap((socket, index) => guestPort(`shell${index}`, socket)),
    ],
  },
};

const bootArguments: Record<Boot, (shape: MachineShape, accelerator: Accelerator) => string[]> = {
  direct: (shape, accelerator) => [
    ...["-kernel", shape.image.kernel, "-append", kernelCommandLine(shape, accelerator)],
    ...(hardwareArguments[shape.hardware].initrd ? ["-initrd", shape.image.initrd] : []),
  ],
  uefi: () => [
    ...["-drive", `if=pflash,unit=0,format=raw,readonly=on,file=${firmware.code}`],
    ...["-drive", `if=pflash,unit=1,format=raw,file=${files.firmwareVariables}`],
  ],
};

/**
 * QEMU's arguments, program name excluded. Files of the machine are named relative to its folder, where QEMU works:
 * a socket's path may not exceed 107 bytes. No secret is among them: QEMU reads credentials from a file.
 */
export function qemuArguments(spec: MachineShape, accelerator: Accelerator, endpoint: Endpoint): string[] {
  return [
    ...["-name", guestName(spec.id)],
    // No VGA: with a serial console there is nothing to see on it; a hang is told by NMI backtraces and registers.
    ...["-nodefaults", "-no-user-config", "-display", "none"],
    // The guest is not trusted: no new programs, no other user for QEMU.
    ...["-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"],
    // q35, as clouds have it: PCI Express, and the machine that OVMF is made for.
    ...["-machine", spec.memoryFile ? "q35,memory-backend=memory" : "q35"],
    ...["-accel", spec.cloneOf === undefined ? accelerator.accel : accelerator.accelSideBySide],
    ...["-cpu", accelerator.cpu],
    ...["-smp", String(spec.vcpus), "-m", `${spec.memoryMiB}M`],
    ...memoryArguments(spec),
    ...["-pidfile", files.pid],
    ...["-chardev", `socket,id=qmp,path=${files.qmp},server=on,wait=off`, "-mon", "chardev=qmp,mode=control"],
    ...["-chardev", `file,id=console,path=${files.console},append=on`, "-serial", "chardev:console"],
    // A machine's disk need not survive a crash of the host, so the guest's flushes need not wait for the host's disk.
    ...["-drive", `if=none,id=disk,file=${files.overlay},format=qcow2,cache=unsafe,discard=unmap`],
    ...hardwareArguments[spec.hardware].arguments,
    ...["-netdev", `user,id=net,ipv6=off,hostfwd=tcp:${endpoint.address}:${endpoint.port}-:22`],
    ...["-device", "virtio-net-pci,netdev=net,romfile="],
    ...["-object", "rng-random,id=rng,filename=/dev/urandom", "-device", "virtio-rng-pci,rng=rng"],
    ...["-fw_cfg", `name=opt/io.systemd.credentials/tmpfiles.extra,file=${files.tmpfilesExtra}`],
    ...bootArguments[spec.boot](spec, accelerator),
    ...(spec.incoming ? ["-incoming", "defer"] : []),
  ];
}

function memoryArguments({ memoryFile, memoryMiB }: MachineShape): string[] {
  if (!memoryFile) return [];
  const { path, share } = memoryFile;
  const backend = `memory-backend-file,id=memory,size=${memoryMiB}M,mem-path=${path.replaceAll(",", ",,")}`;
  return ["-object", `${backend},share=${share ? "on" : "off"}`];
}
