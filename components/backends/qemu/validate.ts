import type { Settings } from "../../../stacks/settings";
import type { Problem } from "../backend";
import { deviceProblems } from "../common-problems";
import { capabilities } from "./capabilities";

/** Pure: whether this host has the memory and the image is found out by the machine's own check and create. */
export function validate(settings: Settings): Problem[] {
  const problems = deviceProblems(settings, capabilities);
  if (settings.size !== undefined)
    problems.push({
      key: "size",
      value: settings.size,
      allowed: "nothing on backend qemu",
      fix: "give vcpus and memoryMiB instead",
    });
  if (settings.spot)
    problems.push({
      key: "spot",
      value: true,
      allowed: "false on backend qemu",
      fix: "nobody takes a local machine away",
    });
  if (settings.zone !== undefined)
    problems.push({
      key: "zone",
      value: settings.zone,
      allowed: "nothing on backend qemu",
      fix: "leave it out: this host has no zones",
    });
  if (settings.start === "warm" && settings.qemu.boot === "uefi")
    problems.push({
      key: "start",
      value: settings.start,
      allowed: "auto, cold with boot uefi",
      fix: "a clone does not boot: choose start cold to see the firmware boot, or boot direct",
    });
  if (settings.isolate === "directory" && (settings.start === "cold" || settings.qemu.boot === "uefi"))
    problems.push({
      key: "isolate",
      value: settings.isolate,
      allowed: "run with start cold or boot uefi",
      fix: "each directory has a clone of a machine that was itself started warm: let start be auto and boot direct",
    });
  return problems;
}
