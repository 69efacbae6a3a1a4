import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { warmFolder } from "../../provider/images/warm-files";
import type { MachineImage } from "../../provider/qemu/spec";

/** @returns removes the warm images of a version, and what is kept of failed ones, that are not there yet */
export function removerOfNewWarmImages(image: MachineImage): () => void {
  const folder = warmFolder(image);
  const names = () => (existsSync(folder) ? readdirSync(folder) : []);
  const before = new Set(names());
  return () => {
    for (const name of names()) if (!before.has(name)) rmSync(join(folder, name), { recursive: true, force: true });
  };
}
