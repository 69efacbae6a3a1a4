import { z } from "zod";

/** Settings that only the backend memory has. */
export const memorySettings = z.strictObject({
  /** How many machines there can be. */
  rooms: z.number().int().min(1).default(3),
});
export type MemorySettings = z.output<typeof memorySettings>;
