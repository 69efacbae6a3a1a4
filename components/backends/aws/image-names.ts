import { imageTagNames, ourProject, tagNames } from "../../../lib/tags";
import type { AwsSettings } from "./settings";

/** Which version of which image, and whose. */
export interface Publication {
  readonly image: string;
  readonly version: string;
  readonly backendHash: string;
  readonly stack: string;
}

/** Tags of everything that a publishing makes. */
export const publishingTags = ({ image, version, backendHash, stack }: Publication): Record<string, string> => ({
  [tagNames.project]: ourProject,
  [tagNames.backendHash]: backendHash,
  [tagNames.stack]: stack,
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
  promoted: ({ parameterPrefix }: Pick<AwsSettings, "parameterPrefix">, image: string) =>
    `${parameterPrefix}/${image}/promoted`,
  versions: ({ parameterPrefix }: Pick<AwsSettings, "parameterPrefix">, image: string) =>
    `${parameterPrefix}/${image}/versions`,
  version: ({ parameterPrefix }: Pick<AwsSettings, "parameterPrefix">, image: string, version: string) =>
    `${parameterPrefix}/${image}/versions/${version}`,
} as const;
