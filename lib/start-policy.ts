/** auto: as a clone of a booted machine where that is possible; cold: boot; warm: as a clone or not at all. */
export const starts = ["auto", "cold", "warm"] as const;
export type StartPolicy = (typeof starts)[number];
