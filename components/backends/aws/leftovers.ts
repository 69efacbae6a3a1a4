import { fromTags, ourProject } from "../../../lib/tags";
import type { MachineRemains } from "../facets";
import { publishingMs } from "../publishing-time";
import { tagsOf } from "./clients";
import { readVersions } from "./image-pointers";
import { isImageObject, listImageObjects, removeImageObject } from "./image-objects";
import { removeImageResource } from "./image-removal";
import { listImageResources, type ImageResource, type ImageResourceKind } from "./image-resources";
import { describeInstances, oursOnly } from "./instances";
import { resourceName } from "./machine-plan";
import {
  listEc2Resources,
  listScheduleNames,
  readSchedules,
  removable,
  type Run,
  type RunResource,
} from "./run-resources";
import { removeRunResource } from "./remove";
import type { AwsSettings } from "./settings";

const keyOf = ({ stack, runId }: Run) => `${stack}-${runId}`;

/** Pure: what machines had for themselves whose instances are gone, or were never there. */
export function runRemains(resources: readonly RunResource[], living: readonly Run[]): MachineRemains[] {
  const alive = new Set(living.map(keyOf));
  return resources
    .filter(({ tags }) => !alive.has(keyOf(tags)))
    .map(({ id, tags }) => ({
      id,
      // Nothing tells whether its machine was there before: the one that is more careful.
      stage: "being made",
      machineId: keyOf(tags),
      tags,
      changedAt: Date.parse(tags.createdAt),
    }));
}

/** Of a thing whose age is not told nobody can say that it is left behind but who made it. */
const expiryOf = (createdAt: string): string =>
  createdAt === "" ? "" : new Date(Date.parse(createdAt) + publishingMs).toISOString();

/** Whether nothing that is published needs it; that a state still does is seen by whoever knows the states. */
const isSpare: Readonly<
  Record<ImageResourceKind, (one: ImageResource, named: Set<string>, used: Set<string>) => boolean>
> = {
  image: ({ id }, named) => !named.has(id),
  snapshot: ({ id, usedByOthers }, _named, used) => !used.has(id) && !usedByOthers,
  // What is on the way in is needed until it is there.
  import: () => true,
  object: () => true,
  upload: () => true,
};

/**
 * Pure: AMIs that no parameter names, snapshots that no AMI is made of, and what was on the way there: of a publishing,
 * or a removal, that was cut short. They expire a day after they were made.
 */
export function imageRemains(resources: readonly ImageResource[], named: readonly string[]): MachineRemains[] {
  const used = new Set(resources.flatMap(({ snapshots }) => snapshots));
  const wanted = new Set(named);
  return resources
    .filter((one) => isSpare[one.kind](one, wanted, used))
    .map(({ id, image, version, backendHash, stack, createdAt }) => ({
      id,
      stage: "being made",
      machineId: `${image}@${version}`,
      tags: {
        ...{ project: ourProject, backendHash, stack, runId: version, createdAt, owner: "" },
        expiresAt: expiryOf(createdAt),
      },
      changedAt: Date.parse(createdAt),
    }));
}

async function livingRuns(own: AwsSettings): Promise<Run[]> {
  const instances = await describeInstances(own, [oursOnly]);
  return instances.flatMap(({ Tags }) => fromTags(tagsOf(Tags)) ?? []);
}

export async function listRemains(own: AwsSettings): Promise<MachineRemains[]> {
  // Instances after what is theirs: what is made in between has an instance then. Before it, as with versions and their
  // images, the new would be taken for left behind.
  const [resources, names, images, objects] = await Promise.all([
    listEc2Resources(own),
    listScheduleNames(own),
    listImageResources(own),
    listImageObjects(own),
  ]);
  const [living, versions] = await Promise.all([livingRuns(own), readVersions(own)]);
  const scheduled = new Set(living.map(({ stack, runId }) => resourceName(stack, runId)));
  const schedules = await readSchedules(
    own,
    names.filter((name) => !scheduled.has(name)),
  );
  return [
    ...runRemains(removable([...resources, ...schedules]), living),
    ...imageRemains(
      [...objects, ...images],
      versions.map(({ ami }) => ami),
    ),
  ];
}

/** @param id as `MachineRemains.id` */
export async function removeRemains(own: AwsSettings, id: string): Promise<void> {
  if (isImageObject(own, id)) return removeImageObject(own, id);
  if (!/^(ami|snap|import-snap)-/.test(id)) return removeRunResource(own, id);
  const named = (await readVersions(own)).map(({ ami }) => ami);
  const resource = (await listImageResources(own)).find((one) => one.id === id);
  // One that a parameter names by now was published after all. Its snapshot is found at the next look, if nobody needs it.
  if (resource && !named.includes(id)) await removeImageResource(own, resource);
}
