import type { Settings } from "../../../stacks/settings";
import type { Problem } from "../backend";
import { capabilities } from "./capabilities";

/** Pure: whether this host has the memory and the image is found out by the machine's own check and create. */
export function validate(settings: Settings): Problem[] {
  if (capabilities.devices.includes(settings.device)) return [];
  return [
    {
      key: "device",
      value: settings.device,
      allowed: capabilities.devices.join(", "),
      fix: "choose a device that this backend gives",
    },
  ];
}
