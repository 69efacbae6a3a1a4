import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { codeOf } from "../../lib/errors";
import type { Manifest } from "./manifest";

/** In the image's folder: packages that were downloaded, so that the next build need not. */
export const packageCache = ".debs";

/** File name of a package as apt keeps it: the colon of an epoch is written as %3a. */
export const debFile = (name: string, version: string, architecture: string) =>
  `${name}_${version.replaceAll(":", "%3a")}_${architecture}.deb`;

/** Removes packages that the image just built does not have: older versions, mostly. */
export async function removeUnusedPackages(folder: string, { packages }: Pick<Manifest, "packages">): Promise<void> {
  const used = new Set(
    Object.entries(packages).map(([id, version]) => {
      const [name = "", architecture = ""] = id.split(":");
      return debFile(name, version, architecture);
    }),
  );
  const files = await readdir(join(folder, packageCache)).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  });
  for (const file of files)
    if (file.endsWith(".deb") && !used.has(file)) await rm(join(folder, packageCache, file), { force: true });
}
