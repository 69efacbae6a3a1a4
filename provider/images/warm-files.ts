import { execa } from "execa";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { codeOf } from "../../lib/errors";
import { qemuImageTool } from "../qemu/binary";
import { files } from "../qemu/folder";
import type { MachineImage, WarmImage } from "../qemu/spec";
import { flush, sha256 } from "./durable";

/** The form of what is stored; another number makes everything anew. */
export const schema = 3;
const names = {
  state: "state",
  memory: "memory",
  disk: "disk.qcow2",
  console: "console.log",
  manifest: "manifest.json",
} as const;
const makingPrefix = ".making-";

const fileSchema = z.object({ bytes: z.number(), mtimeMs: z.number() });
const manifestSchema = z.object({
  schema: z.literal(schema),
  stateSha256: z.string(),
  memory: fileSchema,
  disk: fileSchema,
});

/** Warm images lie in the folder of the version that they belong to, and go with it. */
export const warmFolder = (image: MachineImage): string => join(dirname(image.disk), "warm");

const fileFacts = async (path: string) => {
  const { size, mtimeMs } = await stat(path);
  return { bytes: size, mtimeMs };
};

const imageIn = (folder: string): WarmImage => ({
  state: join(folder, names.state),
  memory: join(folder, names.memory),
  disk: join(folder, names.disk),
  console: join(folder, names.console),
});

/**
 * A warm image that is whole. The state is read to be sure; of memory and disk, a gigabyte, size and time of the last
 * change must do.
 * @returns undefined: there is none
 * @throws when there is one that is not what was made
 */
export async function readWarm(folder: string): Promise<WarmImage | undefined> {
  let text: string;
  try {
    text = await readFile(join(folder, names.manifest), "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
  const manifest = manifestSchema.parse(JSON.parse(text));
  const image = imageIn(folder);
  if ((await sha256(image.state)) !== manifest.stateSha256) throw new Error(`${image.state} has changed`);
  for (const part of ["memory", "disk"] as const) {
    const { bytes, mtimeMs } = await fileFacts(image[part]);
    if (bytes !== manifest[part].bytes || mtimeMs !== manifest[part].mtimeMs)
      throw new Error(`${image[part]} has changed`);
  }
  return image;
}

/** The disk finds the image's beside it, by whatever path the two are reached: $KMVM_HOME may be moved, or a link. */
async function relocate(disk: string, image: MachineImage): Promise<void> {
  const backing = join("..", "..", basename(image.disk));
  await execa(qemuImageTool, ["rebase", "-u", "-f", "qcow2", "-F", image.diskFormat, "-b", backing, disk], {
    stdin: "ignore",
    extendEnv: false,
    env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C" },
  });
}

/** Moves what was saved out of the machine's folder, and gives it its name when it is on the disk. */
export async function storeWarm(machineFolder: string, image: MachineImage, key: string): Promise<void> {
  const root = warmFolder(image);
  const making = join(root, `${makingPrefix}${key}`);
  await mkdir(making, { recursive: true, mode: 0o700 });
  const { state, memory, disk, console } = imageIn(making);
  await rename(join(machineFolder, files.state), state);
  await rename(join(machineFolder, files.memory), memory);
  await rename(join(machineFolder, files.overlay), disk);
  await rename(join(machineFolder, files.console), console);
  await relocate(disk, image);
  const manifest: z.infer<typeof manifestSchema> = {
    schema,
    stateSha256: await sha256(state),
    memory: await fileFacts(memory),
    disk: await fileFacts(disk),
  };
  await writeFile(join(making, names.manifest), `${JSON.stringify(manifest, undefined, 2)}\n`);
  for (const name of Object.values(names)) await flush(join(making, name));
  await rename(making, join(root, key));
  await flush(root);
}

/** Removes what a making that was killed has left of what it stored. */
export async function removeHalfStored(image: MachineImage): Promise<void> {
  const root = warmFolder(image);
  for (const left of await readdir(root))
    if (left.startsWith(makingPrefix)) await rm(join(root, left), { recursive: true, force: true });
}
