import { recordCall } from "../lib/calls";
import { randomHex } from "../lib/rehearsed";
import { openStore, type Store } from "../lib/store";
import { ApiError } from "./api-error";
import { accountId, region } from "./facts";

export type Tags = Readonly<Record<string, string>>;

/** The played account: what exists in it, and who asked what of it. */
export interface Account {
  readonly store: Store;
  /** Notes a call by the name that permissions have for it, `ec2:RunInstances`. */
  call(action: string): void;
}

/** Actions that only read, by the first word of their name. */
const reads = /^(Describe|Get|List|Head|Resolve)/;

export function openAccount(folder: string): Account {
  const store = openStore(folder);
  return {
    store,
    call: (action) => {
      recordCall(store, { action, changes: !reads.test(action.split(":")[1] ?? "") });
    },
  };
}

export const arn = (service: string, resource: string): string =>
  `arn:aws:${service}:${region}:${accountId}:${resource}`;

/** `i-0123456789abcdef0`: 17 hex digits since 2018. @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html */
export const newId = (prefix: string): string => `${prefix}-${randomHex(17)}`;

/**
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions
 * 50 tags, keys of 1 to 128 and values of 0 to 256 characters, no key that begins with aws:
 */
export function refuseBadTags(tags: Tags): void {
  const entries = Object.entries(tags);
  if (entries.length > 50) throw new ApiError("TagLimitExceeded", "The maximum number of Tags allowed is 50.");
  for (const [key, value] of entries) {
    if (/^aws:/i.test(key))
      throw new ApiError("InvalidParameterValue", `Tag keys starting with 'aws:' are reserved for internal use`);
    if (key.length < 1 || key.length > 128)
      throw new ApiError("InvalidParameterValue", `Tag key exceeds the maximum length of 128 characters`);
    if (value.length > 256)
      throw new ApiError("InvalidParameterValue", `Tag value exceeds the maximum length of 256 characters`);
  }
}

/** Kinds that are there before anybody makes anything. */
const given = new Set(["role", "bucket", "policy", "quota", "exhausted"]);

/** States of what stays visible for a while, does nothing and costs nothing: it is not held any more. */
const over = new Set(["terminated", "completed", "deleted"]);

/**
 * What the account holds that somebody made, `kind id`, sorted.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/terminating-instances.html for about an hour
 */
export function holdings({ store }: Account): string[] {
  return store
    .kinds()
    .filter((kind) => !given.has(kind))
    .flatMap((kind) =>
      store
        .list<{ id: string; state?: string }>(kind)
        .filter(({ state = "" }) => !over.has(state))
        .map(({ id }) => `${kind} ${id}`),
    )
    .sort();
}
