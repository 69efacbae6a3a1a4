// Stands in for provider/images until that is there.
import { readlink } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../lib/errors";
import { homeFolders } from "../lib/paths";

export async function resolveImage(home: string, ref: string) {
  const [name = ref, asked] = ref.split("@");
  const folder = join(homeFolders.images(home), name);
  const version =
    asked ??
    (await readlink(join(folder, "promoted")).catch(() => {
      throw new UserError(`there is no image "${name}" in ${homeFolders.images(home)}`, `kmvm image build ${name}`);
    }));
  const at = join(folder, version);
  return {
    name,
    version,
    key: "",
    folder: at,
    disk: join(at, "disk.raw"),
    diskFormat: "raw" as const,
    kernel: join(at, "vmlinuz"),
  };
}
