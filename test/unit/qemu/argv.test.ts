import { describe, expect, test } from "@jest/globals";
import type { Accelerator } from "../../../provider/qemu/accelerator";
import { kernelCommandLine, qemuArguments, type MachineShape } from "../../../provider/qemu/argv";

const tcg: Accelerator = {
  ...{ name: "tcg", accel: "tcg,thread=multi", accelSideBySide: "tcg,thread=single" },
  ...{ cpu: "EPYC,+svm", nested: true, reason: "" },
};
const kvm: Accelerator = { name: "kvm", accel: "kvm", accelSideBySide: "kvm", cpu: "host", nested: true, reason: "" };
const shape: MachineShape = {
  id: "test-ci-240-abc",
  image: {
    name: "L0-base",
    version: "1",
    disk: "/i/disk.raw",
    diskFormat: "raw",
    kernel: "/i/vmlinuz",
    initrd: "/i/initrd",
  },
  boot: "direct",
  hardware: "nvme",
  vcpus: 2,
  memoryMiB: 2048,
};
const endpoint = { address: "127.9.8.7", port: 2222 };

/** Every value of an option, in order. */
function valuesOf(argv: readonly string[], option: string): string[] {
  return argv.flatMap((word, index) => (word === option ? [argv[index + 1] ?? ""] : []));
}

describe("QEMU's arguments", () => {
  test.each([
    ["direct", "-kernel", ["/i/vmlinuz"]],
    ["direct", "-initrd", []],
    ["direct", "-name", ["kmvm-test-ci-240-abc"]],
    ["direct", "-smp", ["2"]],
    ["direct", "-m", ["2048M"]],
    ["direct", "-pidfile", ["qemu.pid"]],
    ["direct", "-fw_cfg", ["name=opt/io.systemd.credentials/tmpfiles.extra,file=credentials/tmpfiles.extra"]],
    ["direct", "-netdev", ["user,id=net,ipv6=off,hostfwd=tcp:127.9.8.7:2222-:22"]],
    ["uefi", "-kernel", []],
    ["uefi", "-append", []],
  ] as const)("boot %s gives %s %j", (boot, option, values) => {
    expect(valuesOf(qemuArguments({ ...shape, boot }, tcg, endpoint), option)).toEqual(values);
  });

  test.each([
    [tcg, "tcg,thread=multi", "EPYC,+svm"],
    [kvm, "kvm", "host"],
  ])("the accelerator decides about CPU: $name", (accelerator, accel, cpu) => {
    const argv = qemuArguments(shape, accelerator, endpoint);
    expect(valuesOf(argv, "-accel")).toEqual([accel]);
    expect(valuesOf(argv, "-cpu")).toEqual([cpu]);
  });

  test("the overlay is the only disk of a direct boot, and the firmware's variables are the machine's own", () => {
    const drives = (boot: "direct" | "uefi") => valuesOf(qemuArguments({ ...shape, boot }, tcg, endpoint), "-drive");
    expect(drives("direct")).toEqual([expect.stringContaining("file=overlay.qcow2,format=qcow2")]);
    expect(drives("uefi")).toEqual([
      expect.stringContaining("file=overlay.qcow2"),
      expect.stringMatching(/unit=0.*readonly=on.*OVMF_CODE/),
      expect.stringMatching(/unit=1.*file=efivars\.fd$/),
    ]);
  });

  test("the console goes to a file that later boots append to", () => {
    expect(valuesOf(qemuArguments(shape, tcg, endpoint), "-chardev")).toContainEqual(
      "file,id=console,path=console.log,append=on",
    );
  });

  test("the control socket has a name short enough for any folder", () => {
    expect(valuesOf(qemuArguments(shape, tcg, endpoint), "-chardev")).toContainEqual(
      "socket,id=qmp,path=qmp.sock,server=on,wait=off",
    );
  });
});

describe("a machine that can be saved", () => {
  const migratable: MachineShape = { ...shape, hardware: "migratable" };

  test("has a disk that QEMU can migrate, the initrd with its driver, and a door", () => {
    const argv = qemuArguments(migratable, tcg, endpoint);
    expect(argv.join(" ")).not.toMatch(/nvme/);
    expect(valuesOf(argv, "-device")).toEqual(
      expect.arrayContaining([expect.stringMatching(/^virtio-blk-pci/), "virtserialport,chardev=door,name=kmvm.door"]),
    );
    expect(valuesOf(argv, "-initrd")).toEqual(["/i/initrd"]);
    expect(kernelCommandLine(migratable, tcg)).toMatch(/^root=PARTLABEL=l0root ro /);
  });

  test.each([
    ["writes its memory into the file when it is to be saved", true, "on"],
    ["maps the saved memory for itself as a clone", false, "off"],
  ])("%s", (_what, share, value) => {
    const argv = qemuArguments({ ...migratable, memoryFile: { path: "/a,b/memory", share } }, tcg, endpoint);
    expect(valuesOf(argv, "-object")).toContain(
      `memory-backend-file,id=memory,size=2048M,mem-path=/a,,b/memory,share=${value}`,
    );
    expect(valuesOf(argv, "-machine")).toEqual(["q35,memory-backend=memory"]);
  });

  test("has one thread for all its emulated processors as one of many that run side by side", () => {
    expect(valuesOf(qemuArguments(migratable, tcg, endpoint), "-accel")).toEqual(["tcg,thread=multi"]);
    const clone = { ...migratable, cloneOf: "original" };
    expect(valuesOf(qemuArguments(clone, tcg, endpoint), "-accel")).toEqual(["tcg,thread=single"]);
    expect(valuesOf(qemuArguments(clone, kvm, endpoint), "-accel")).toEqual(["kvm"]);
  });

  test("waits for its state as a clone", () => {
    expect(valuesOf(qemuArguments({ ...migratable, incoming: true }, tcg, endpoint), "-incoming")).toEqual(["defer"]);
    expect(qemuArguments(migratable, tcg, endpoint)).not.toContain("-incoming");
  });
});

describe("the kernel's command line", () => {
  test("has the root, the console, no cloud-init and the host name", () => {
    const words = kernelCommandLine(shape, kvm).split(" ");
    expect(words).toEqual(
      expect.arrayContaining([
        "root=/dev/nvme0n1p2",
        "rootwait",
        "console=ttyS0,115200",
        "cloud-init=disabled",
        "systemd.hostname=test-ci-240-abc",
      ]),
    );
  });

  test("has the units that are started beside what the image starts", () => {
    expect(kernelCommandLine({ ...shape, alsoStart: ["a.service", "b.socket"] }, kvm)).toMatch(
      / systemd\.wants=a\.service systemd\.wants=b\.socket$/,
    );
  });

  test("leaves out what emulation makes dear, and nothing on real hardware", () => {
    const words = (accelerator: Accelerator) => kernelCommandLine(shape, accelerator).split(" ");
    expect(words(tcg)).toEqual([...words(kvm), "mitigations=off", "cryptomgr.notests"]);
  });
});
