import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const manifest = z.object({ dependencies: z.record(z.string(), z.string()).default({}) });
const installed = z.object({ version: z.string() });

const read = (...path: string[]): unknown => JSON.parse(readFileSync(join(...path, "package.json"), "utf8"));

/** Direct dependencies of the program in `folder`, with the versions that are installed; none that is not. */
export function installedDependencies(folder: string): { name: string; version: string }[] {
  return Object.keys(manifest.parse(read(folder)).dependencies).flatMap((name) => {
    try {
      return [{ name, version: installed.parse(read(folder, "node_modules", name)).version }];
    } catch {
      return [];
    }
  });
}
