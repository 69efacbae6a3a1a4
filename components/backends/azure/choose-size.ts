import type { Device } from "../../../lib/run-request";
import type { AzureSettings } from "./settings";
import { families, findSize, sizes, type Size } from "./sizes";

/** What a machine is to have. */
export interface Need {
  readonly device: Device;
  readonly vcpus: number;
  readonly memoryMiB: number;
  readonly diskGiB: number;
  readonly osDisk: AzureSettings["osDisk"];
}

/** Of an ephemeral disk, for the state of the virtual TPM: learn.microsoft.com/azure/virtual-machines/ephemeral-os-disks. */
const guestStateGiB = 1;

/** Why a size does not do for a need; empty: it does. Pure. */
export function lacks(size: Size, need: Need): string[] {
  const { nested, ephemeral } = families[size.family];
  const disk = need.osDisk === "ephemeral";
  return [
    need.device === "/dev/kvm" && !nested && "no nested virtualisation, and so no /dev/kvm",
    size.vcpus < need.vcpus && `${size.vcpus} vCPU, and ${need.vcpus} are asked for`,
    size.memoryMiB < need.memoryMiB && `${size.memoryMiB} MiB of memory, and ${need.memoryMiB} are asked for`,
    disk && !ephemeral && "no disk of its own for an ephemeral system disk",
    disk &&
      ephemeral &&
      size.ephemeralGiB - guestStateGiB < need.diskGiB &&
      `an ephemeral disk of ${size.ephemeralGiB} GiB, ${guestStateGiB} of it for the state of the firmware, and ${need.diskGiB} are asked for`,
  ].filter((reason) => typeof reason === "string");
}

/**
 * Sizes that do, the one to take first and what to take instead where it is not to be had: fewest vCPUs, then least
 * memory, then as the table has them. Pure.
 */
export function fitting(need: Need): Size[] {
  return sizes
    .filter((size) => lacks(size, need).length === 0)
    .sort((a, b) => a.vcpus - b.vcpus || a.memoryMiB - b.memoryMiB);
}

/** The size that a machine gets; undefined where none does, or the one asked for is not known. Pure. */
export function chosenSize(need: Need, asked: string | undefined): Size | undefined {
  return asked === undefined ? fitting(need)[0] : findSize(asked);
}
