/**
 * Marks by which what we made in a cloud is found and attributed when no state knows it any more. They are set in the
 * creating call itself: what has none of them is not ours and is never touched.
 */
export interface MachineTags {
  readonly project: string;
  /** Hash of the state that owns it (state-hash.ts); empty where the program was not told. */
  readonly backendHash: string;
  readonly stack: string;
  readonly runId: string;
  /** ISO 8601, as `expiresAt`. */
  readonly createdAt: string;
  readonly expiresAt: string;
  /** Who made it: user@host. */
  readonly owner: string;
}

/** Names of the tags, all of them. Neither `aws:` nor `azure` nor `microsoft` may begin one: they are the providers'. */
export const tagNames = {
  project: "kmvm-project",
  backendHash: "kmvm-backend",
  stack: "kmvm-stack",
  runId: "kmvm-run",
  createdAt: "kmvm-created",
  expiresAt: "kmvm-expires",
  owner: "kmvm-owner",
} as const satisfies Record<keyof MachineTags, string>;

/** Tags of what an image is made of, beside those of the project and the state; a machine has the version's, too. */
export const imageTagNames = { image: "kmvm-image", version: "kmvm-image-version" } as const;

/** What the tag `kmvm-project` says on all that is ours. */
export const ourProject = "kmvm";

/**
 * A value that both clouds take. EC2: letters, numbers, spaces and + - = . _ : / @, 256 characters at most
 * (docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions). Azure: 256 characters at most
 * (learn.microsoft.com/azure/azure-resource-manager/management/tag-resources#limitations).
 */
function tagValue(value: string): string {
  return value.replace(/[^\p{L}\p{N} +\-=._:/@]/gu, "_").slice(0, 256);
}

/** The tags of one resource, and its name for a person: `test-ci-240-ab12cd34`. Pure. */
export function toTags(tags: MachineTags): Record<string, string> {
  const keys = Object.keys(tagNames) as (keyof MachineTags)[];
  return {
    ...Object.fromEntries(keys.map((key) => [tagNames[key], tagValue(tags[key])])),
    Name: tagValue(`${tags.stack}-${tags.runId}`),
  };
}

/**
 * What the tags of a resource say. Pure.
 * @param record as the provider gives them
 * @returns undefined where it is not ours: without the project's tag, or without what tells when it may be removed
 */
export function fromTags(record: Readonly<Record<string, string | undefined>>): MachineTags | undefined {
  const value = (key: keyof MachineTags) => record[tagNames[key]] ?? "";
  const dates = [value("createdAt"), value("expiresAt")];
  if (value("project") !== ourProject || dates.some((date) => Number.isNaN(Date.parse(date)))) return undefined;
  return {
    project: value("project"),
    backendHash: value("backendHash"),
    stack: value("stack"),
    runId: value("runId"),
    createdAt: value("createdAt"),
    expiresAt: value("expiresAt"),
    owner: value("owner"),
  };
}
