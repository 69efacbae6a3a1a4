import { imageReference } from "../../../lib/image-reference";
import type { Settings } from "../../../stacks/settings";
import type { Problem } from "../backend";
import { cloneProblems, deviceProblems } from "../common-problems";
import { capabilities } from "./capabilities";
import { chosenSize, fitting, lacks, type Need } from "./choose-size";
import { galleryVersion } from "./names";
import { findSize } from "./sizes";

/** What a machine of these settings is to have. Pure. */
export function needOf({ device, vcpus, memoryMiB, diskGiB, azure }: Settings): Need {
  return { device, vcpus, memoryMiB, diskGiB, osDisk: azure?.osDisk ?? "managed" };
}

function sizeProblems(settings: Settings): Problem[] {
  const need = needOf(settings);
  const names = fitting(need)
    .slice(0, 4)
    .map(({ name }) => name)
    .join(", ");
  const asked = settings.size;
  if (asked === undefined)
    return chosenSize(need, undefined)
      ? []
      : [
          {
            key: "vcpus",
            value: need.vcpus,
            allowed: "what some size has, with the memory and the disk asked for",
            fix: "ask for less, or for a managed disk (azure.osDisk)",
          },
        ];
  const size = findSize(asked);
  if (!size)
    return [
      {
        key: "size",
        value: asked,
        allowed: `a size that kmvm knows, as ${names}`,
        fix: "remove it, and one is chosen by device, vcpus and memoryMiB",
      },
    ];
  return lacks(size, need).map((reason) => ({
    key: "size",
    value: size.name,
    allowed: `a size that does: it has ${reason}`,
    fix: names ? `for instance ${names}` : "ask for less",
  }));
}

/** Pure: whether the size is on offer, and the quota enough, `preflight` and the creating call say. */
export function validate(settings: Settings): Problem[] {
  const problems = [...sizeProblems(settings), ...deviceProblems(settings, capabilities), ...cloneProblems(settings)];
  if (settings.zone !== undefined && !/^[123]$/.test(settings.zone))
    problems.push({
      key: "zone",
      value: settings.zone,
      allowed: "1, 2, 3",
      fix: "choose one that the location has, or leave it out",
    });
  const { version } = imageReference(settings.image);
  if (version !== undefined && galleryVersion(version) === undefined)
    problems.push({
      key: "image",
      value: settings.image,
      allowed: "<name>, or <name>@ and a version as 20261122.3-0123456789ab",
      fix: "see `kmvm image ls --backend azure`",
    });
  return problems;
}
