/** Tags of an image's definition that say which version is promoted, and which was before: as the local store has them. */
export const pointerTags = { promoted: "kmvm-promoted", previous: "kmvm-previous" } as const;

/** Tag of a gallery's version, and of a machine's group: the version as the local store has it. */
export const versionTag = "kmvm-image-version";

/** Tag of a gallery's version: the name of the image. */
export const imageNameTag = "kmvm-image";
