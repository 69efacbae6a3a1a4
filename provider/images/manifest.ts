import { z } from "zod";

/** Beside every disk: what it is and where it comes from. */
export const manifestSchema = z.object({
  schema: z.literal(1),
  name: z.string(),
  version: z.string(),
  /** `layerKey` of the recipe. */
  key: z.string(),
  diskFormat: z.enum(["raw", "qcow2"]),
  suite: z.string(),
  kernelVersion: z.string(),
  builtAt: z.string(),
  /** Of the checkout that built it; absent where that is none. */
  gitCommit: z.string().optional(),
  /** Whether the checkout differed from that commit. */
  gitDirty: z.boolean().optional(),
  /** Seconds of each phase of the build: the estimate for the next one. */
  phases: z.record(z.string(), z.number()),
  /** `name:architecture` -> version. */
  packages: z.record(z.string(), z.string()),
});
export type Manifest = z.infer<typeof manifestSchema>;

/** packages.txt of the builder: `name:architecture version` a line. */
export function parsePackages(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .split("\n")
      .filter(Boolean)
      .map((line) => {
        const [name = "", version = ""] = line.split(" ");
        return [name, version];
      }),
  );
}
