import type { StoredVersion } from "../provider/images/store";
import { table } from "./table";

/** `kmvm image ls`, as text. */
export function imageLines(versions: readonly StoredVersion[]): string[] {
  return table([
    ["IMAGE", "VERSION", "STATE", "SMOKE TEST", "KERNEL", "BUILT"],
    ...versions.map(({ name, version, promoted, previous, smokedAt, manifest }) => [
      name,
      version,
      promoted ? "promoted" : previous ? "previous" : "",
      smokedAt === undefined ? "not passed" : "passed",
      manifest.kernelVersion,
      manifest.builtAt.slice(0, 16).replace("T", " "),
    ]),
  ]);
}
