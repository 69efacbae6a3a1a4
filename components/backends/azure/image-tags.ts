/** Tags of an image's definition that say which version is promoted, and which was before: as the local store has them. */
export const pointerTags = { promoted: "kmvm-promoted", previous: "kmvm-previous" } as const;
