import type { Settings } from "../../../stacks/settings";
import { findType, instanceTypes, type InstanceType } from "./sizes";

/** What of the settings decides the size of a machine. */
export type Need = Pick<Settings, "device" | "vcpus" | "memoryMiB">;

/** Why a type does not do for a need; empty: it does. Pure. */
export function lacks(type: InstanceType, need: Need): string[] {
  return [
    need.device === "/dev/kvm" && type.virtualization === "none" && "no nested virtualisation, and so no /dev/kvm",
    type.vcpus < need.vcpus && `${type.vcpus} vCPU, and ${need.vcpus} are asked for`,
    type.memoryMiB < need.memoryMiB && `${type.memoryMiB} MiB of memory, and ${need.memoryMiB} are asked for`,
  ].filter((reason) => typeof reason === "string");
}

/** A type without what is not needed, which is cheaper and which more of are to be had. */
const excess = (type: InstanceType, need: Need) =>
  need.device === "/dev/kkm" && type.virtualization !== "none" ? 1 : 0;

/**
 * Types that do, the one to take first and what to take instead where it is not to be had: fewest vCPUs, then least
 * memory, then as the table has them. Pure.
 */
export function fitting(need: Need): InstanceType[] {
  return instanceTypes
    .filter((type) => lacks(type, need).length === 0)
    .sort((a, b) => a.vcpus - b.vcpus || excess(a, need) - excess(b, need) || a.memoryMiB - b.memoryMiB);
}

/** The type that a machine gets; undefined where none does, or the one asked for is not known. Pure. */
export function chosenType(settings: Need & Pick<Settings, "size">): InstanceType | undefined {
  return settings.size === undefined ? fitting(settings)[0] : findType(settings.size);
}
