import { realpathSync } from "node:fs";
import { basename, join } from "node:path";
import { kmvmHome } from "../../../lib/paths";
import type { Disk } from "../lib/machine/control";

export const imageName = "L0-base";

/** Another version of the image that accounts hold beside the promoted one. */
export const otherVersion = "20260101.1-0123456789ab";

/** The image that set-up built: its version and its bytes. */
export function localImage(): { readonly version: string; readonly disk: Disk } {
  const folder = realpathSync(join(kmvmHome(), "images", imageName, "promoted"));
  return { version: basename(folder), disk: { path: join(folder, "disk.raw"), format: "raw" } };
}
