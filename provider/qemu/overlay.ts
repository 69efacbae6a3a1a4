import { execa } from "execa";
import { copyFile, link, rm } from "node:fs/promises";
import { join } from "node:path";
import { codeOf, ExitCode, UserError } from "../../lib/errors";
import { explainMissing, qemuImageTool } from "./binary";
import { exists } from "./disk-space";
import { firmware } from "./firmware";
import { files } from "./folder";
import type { MachineSpec } from "./spec";

/**
 * Makes `path` by making it under another name first: what has the name is whole, and is never replaced. Does nothing
 * when it is there.
 */
async function makeWhole(path: string, make: (temporary: string) => Promise<unknown>): Promise<void> {
  if (await exists(path)) return;
  const temporary = `${path}.${process.pid}`;
  try {
    await make(temporary);
    await link(temporary, path).catch((error: unknown) => {
      if (codeOf(error) !== "EEXIST") throw error;
    });
  } finally {
    await rm(temporary, { force: true });
  }
}

/** What a machine's disk lies over. */
export interface BackingDisk {
  readonly disk: string;
  readonly diskFormat: "raw" | "qcow2";
}

type DiskShape = Pick<MachineSpec, "diskGiB" | "boot">;

async function createOverlay(temporary: string, backing: BackingDisk, diskGiB: number): Promise<void> {
  const size = String(diskGiB * 1024 ** 3);
  await execa(
    qemuImageTool,
    ["create", "-q", "-f", "qcow2", "-b", backing.disk, "-F", backing.diskFormat, temporary, size],
    { stdin: "ignore", extendEnv: false, env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C" } },
  ).catch((error: unknown) => {
    throw explainMissing(qemuImageTool, error);
  });
}

/** The disks of a machine: what it writes lies over the image, which stays as it is and is never copied. */
export async function createDisks(folder: string, spec: DiskShape, backing: BackingDisk): Promise<void> {
  await makeWhole(join(folder, files.overlay), (temporary) => createOverlay(temporary, backing, spec.diskGiB));
  if (spec.boot !== "uefi") return;
  if (!(await exists(firmware.variables)))
    throw new UserError(
      `boot uefi needs ${firmware.variables}, which is not there`,
      "apt-get install ovmf, or set boot to direct",
      ExitCode.Infrastructure,
    );
  await makeWhole(join(folder, files.firmwareVariables), (temporary) => copyFile(firmware.variables, temporary));
}
