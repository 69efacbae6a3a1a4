import type { Settings } from "../../../stacks/settings";
import type { Problem } from "../backend";
import { cloneProblems, deviceProblems } from "../common-problems";
import { capabilities } from "./capabilities";
import { chosenType, lacks } from "./choose-size";
import { ownSettings } from "./own-settings";
import { findType, instanceTypes, isBareMetal } from "./sizes";

function sizeProblems(settings: Settings): Problem[] {
  const { size, device, vcpus, memoryMiB } = settings;
  if (size === undefined) {
    if (chosenType(settings)) return [];
    return [
      {
        key: "vcpus",
        value: `${vcpus} with ${memoryMiB} MiB`,
        allowed: `what an instance type with ${device} has`,
        fix: "ask for less, or name a size",
      },
    ];
  }
  if (isBareMetal(size))
    return [
      {
        key: "size",
        value: size,
        allowed: "a virtual machine: bare metal has no UEFI boot, and the image boots by nothing else",
        fix: "choose another type, or leave size out",
      },
    ];
  const type = findType(size);
  if (!type) {
    const families = [...new Set(instanceTypes.map(({ family }) => family))].join(", ");
    return [{ key: "size", value: size, allowed: `a type of ${families}`, fix: "choose one, or leave size out" }];
  }
  const reasons = lacks(type, settings);
  const allowed = `a type that does: without size it would be ${chosenType({ ...settings, size: undefined })?.name ?? "none"}`;
  return reasons.map((reason) => ({ key: "size", value: size, allowed, fix: `${size} has ${reason}` }));
}

function placeProblems(settings: Settings): Problem[] {
  const { region, zones = [], subnetId, instanceProfile } = ownSettings(settings);
  const problems: Problem[] = [];
  const foreign = zones.filter((zone) => zone.slice(0, -1) !== region);
  if (foreign.length > 0)
    problems.push({
      key: "aws",
      value: { zones: foreign },
      allowed: `zones of ${region}, as ${region}a`,
      fix: "change region, or these zones",
    });
  const { zone } = settings;
  if (zone !== undefined && !(zone.slice(0, -1) === region && /[a-z]$/.test(zone)))
    problems.push({
      key: "zone",
      value: zone,
      allowed: `a zone of ${region}, as ${region}a`,
      fix: "change it, or leave it out",
    });
  if (zone !== undefined && subnetId !== undefined)
    problems.push({
      key: "zone",
      value: zone,
      allowed: "nothing with aws.subnetId: a subnet is in one zone",
      fix: "leave one of them out",
    });
  if (zones.length > 0 && subnetId !== undefined)
    problems.push({
      key: "aws",
      value: { zones, subnetId },
      allowed: "zones or subnetId, not both: a subnet is in one zone",
      fix: "leave one of them out",
    });
  if (instanceProfile !== undefined && !settings.registry)
    problems.push({
      key: "aws",
      value: { instanceProfile },
      allowed: "an instance profile only with a registry: nothing else in a machine needs one",
      fix: "give registry, or leave instanceProfile out",
    });
  return problems;
}

/** Pure: whether the account offers the size and has room for it is asked by `kmvm doctor` and `kmvm quota`. */
export function validate(settings: Settings): Problem[] {
  return [
    ...deviceProblems(settings, capabilities),
    ...cloneProblems(settings),
    ...sizeProblems(settings),
    ...placeProblems(settings),
  ];
}
