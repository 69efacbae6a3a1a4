import type { Settings } from "../../stacks/settings";
import type { Capabilities, Problem } from "./backend";

/** What is wrong with the device, by what a backend can give. Pure. */
export function deviceProblems({ device }: Settings, { devices }: Capabilities): Problem[] {
  if (devices.includes(device)) return [];
  return [
    {
      key: "device",
      value: device,
      allowed: devices.join(", "),
      fix: "choose a device that this backend gives",
    },
  ];
}

/** What is wrong where a machine always boots: clones are made on this host only. Pure. */
export function cloneProblems({ start, isolate, backend }: Settings): Problem[] {
  const problems: Problem[] = [];
  if (start === "warm")
    problems.push({
      key: "start",
      value: start,
      allowed: `auto, cold on backend ${backend}`,
      fix: "machines of a cloud boot: let start be auto",
    });
  if (isolate === "directory")
    problems.push({
      key: "isolate",
      value: isolate,
      allowed: `run on backend ${backend}`,
      fix: "clones are made on this host: choose backend qemu for it",
    });
  return problems;
}
