import { z } from "zod";
import { ExitCode, UserError } from "../../../lib/errors";
import { imageTagNames, fromTags, ourProject, tagNames, type MachineTags } from "../../../lib/tags";
import { groupOf } from "./names";
import { hasStatus } from "./refusals";
import type { ResourceManager } from "./resource-manager";

export const groupsApi = "api-version=2021-04-01";

const groupSchema = z.object({
  id: z.string(),
  name: z.string(),
  tags: z.record(z.string(), z.string()).nullish(),
  properties: z.object({ provisioningState: z.string() }).optional(),
});

/** A resource group of ours: one machine, whole or not. */
export interface Group {
  /** As the state has it. */
  readonly id: string;
  readonly name: string;
  readonly tags: MachineTags;
  /** Version of the image that the machine is made of. */
  readonly imageVersion: string | undefined;
  readonly deleting: boolean;
}

/** Undefined where it is not ours. Pure. */
export function asGroup(body: unknown): Group | undefined {
  const { id, name, tags: record, properties } = groupSchema.parse(body);
  const tags = fromTags(record ?? {});
  const deleting = properties?.provisioningState === "Deleting";
  return tags && { id, name, tags, imageVersion: record?.[imageTagNames.version], deleting };
}

/** All groups of ours in the subscription. */
export async function listGroups(arm: ResourceManager): Promise<Group[]> {
  const filter = encodeURIComponent(`tagName eq '${tagNames.project}' and tagValue eq '${ourProject}'`);
  const bodies = await arm.list(`/resourcegroups?$filter=${filter}&${groupsApi}`);
  return bodies.map(asGroup).filter((group) => group !== undefined);
}

/**
 * The group of a machine.
 * @param id of the group, as the state and the inventory have it
 * @returns undefined when there is none
 * @throws UserError when it is not ours: nobody's is touched that lacks our tags
 */
export async function findGroup(arm: ResourceManager, id: string): Promise<Group | undefined> {
  const name = groupOf(id);
  if (!name) throw new UserError(`${id} is no resource group`, "see `kmvm ls`");
  let body: unknown;
  try {
    body = await arm.get(`/resourcegroups/${name}?${groupsApi}`);
  } catch (error) {
    if (hasStatus(error, 404)) return undefined;
    throw error;
  }
  const group = asGroup(body);
  if (!group)
    throw new UserError(
      `resource group ${name} has not kmvm's tags: it is somebody else's, and is left alone`,
      "remove it yourself if it is yours: az group delete",
      ExitCode.Usage,
    );
  return group;
}
