import { execa } from "execa";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { qemuBinary } from "./binary";

const exitPort = 0xf4;
const exitValue = 0x2a;
/** isa-debug-exit ends QEMU with (value << 1) | 1. */
const expectedExitCode = (exitValue << 1) | 1;
/** A usable KVM needs a fiftieth of it, and QEMU from a cold disk some of it: what comes later is slower than TCG. */
const timeoutMs = 10_000;

/** A boot sector that writes `exitValue` to `exitPort`: mov al, exitValue; out exitPort, al; hlt; jmp $-1 */
export function probeDisk(): Buffer {
  const sector = Buffer.alloc(512);
  Buffer.from([0xb0, exitValue, 0xe6, exitPort, 0xf4, 0xeb, 0xfd]).copy(sector);
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}

/**
 * Runs a guest that boots by the firmware and ends QEMU with an exit code of its own choice.
 * @returns why it did not, or undefined when it did
 */
export async function probeKvm(accel: "kvm" | "tcg"): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "kmvm-probe-"));
  try {
    const disk = join(folder, "probe.img");
    await writeFile(disk, probeDisk());
    const result = await execa(
      qemuBinary,
      [
        ...["-nodefaults", "-no-user-config", "-display", "none", "-m", "16", "-accel", accel],
        ...["-drive", `file=${disk},format=raw,if=ide,readonly=off`],
        ...["-device", `isa-debug-exit,iobase=${exitPort},iosize=1`],
      ],
      { reject: false, stdin: "ignore", timeout: timeoutMs, forceKillAfterDelay: 500 },
    );
    if (result.exitCode === expectedExitCode) return undefined;
    if (result.timedOut) return `nothing within ${timeoutMs / 1000} s`;
    const complaint = result.stderr.trim().split("\n").at(-1);
    return complaint === "" || complaint === undefined ? `QEMU ended with ${result.exitCode ?? "a signal"}` : complaint;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
