import type { Filter } from "@aws-sdk/client-ec2";
import { imageTagNames, ourProject, tagNames } from "../../../lib/tags";
import type { AwsSettings } from "./settings";

/** Which version of which image, and whose. */
export interface Publication {
  readonly image: string;
  readonly version: string;
  readonly backendHash: string;
  readonly stack: string;
}

/**
 * Tag that says below which parameters a version is found. Who looks below others sees none that names it: it is not
 * his to judge.
 */
const prefixTag = "kmvm-image-parameters";

type Prefixed = Pick<AwsSettings, "parameterPrefix">;

/** Whether what bears these tags was published below the parameters of the settings. */
export const isPublishedHere = ({ parameterPrefix }: Prefixed, tags: Readonly<Record<string, string>>): boolean =>
  tags[prefixTag] === parameterPrefix;

/** The same for a question to EC2. */
export const publishedHere = ({ parameterPrefix }: Prefixed): Filter => ({
  Name: `tag:${prefixTag}`,
  Values: [parameterPrefix],
});

/** Tags of everything that a publishing makes. */
export const publishingTags = (
  { parameterPrefix }: Prefixed,
  { image, version, backendHash, stack }: Publication,
): Record<string, string> => ({
  [tagNames.project]: ourProject,
  [tagNames.backendHash]: backendHash,
  [tagNames.stack]: stack,
  [prefixTag]: parameterPrefix,
  [imageTagNames.image]: image,
  [imageTagNames.version]: version,
  Name: `${image}-${version}`,
});

/** What a snapshot and an AMI say that they are: an AMI that has no tags yet is known by it. */
export const imageDescription = (image: string, version: string): string => `${image} ${version}`;

/** Where in the bucket disks come in. */
export const objectPrefix = "kmvm/";

export const objectKey = (image: string, version: string): string => `${objectPrefix}${image}/${version}.vmdk`;

/** @returns undefined where it is no key of ours */
export function publicationOfKey(key: string): Pick<Publication, "image" | "version"> | undefined {
  const [, image, version] = /^kmvm\/([^/]+)\/([^/]+)\.vmdk$/.exec(key) ?? [];
  return image === undefined || version === undefined ? undefined : { image, version };
}

/**
 * Where images are found: `<prefix>/L0-base/versions/<version>` holds the id of an AMI,
 * `<prefix>/L0-base/promoted` the name of a version. Two steps, so that who resolves the pointer knows the version too,
 * and so that the id is one that Systems Manager has checked: data type aws:ec2:image
 * (docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-ec2-aliases.html).
 */
export const imageParameters = {
  promoted: ({ parameterPrefix }: Prefixed, image: string) => `${parameterPrefix}/${image}/promoted`,
  versions: ({ parameterPrefix }: Prefixed, image: string) => `${parameterPrefix}/${image}/versions`,
  version: ({ parameterPrefix }: Prefixed, image: string, version: string) =>
    `${parameterPrefix}/${image}/versions/${version}`,
} as const;
