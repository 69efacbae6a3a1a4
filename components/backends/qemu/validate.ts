import type { Settings } from "../../../stacks/settings";
import type { Problem } from "../backend";
import { capabilities } from "./capabilities";

/** Pure: whether this host has the memory and the image is found out by the machine's own check and create. */
export function validate(settings: Settings): Problem[] {
  const problems: Problem[] = [];
  if (!capabilities.devices.includes(settings.device))
    problems.push({
      key: "device",
      value: settings.device,
      allowed: capabilities.devices.join(", "),
      fix: "choose a device that this backend gives",
    });
  if (settings.start === "warm" && settings.qemu.boot === "uefi")
    problems.push({
      key: "start",
      value: settings.start,
      allowed: "auto, cold with boot uefi",
      fix: "a clone does not boot: choose start cold to see the firmware boot, or boot direct",
    });
  return problems;
}
