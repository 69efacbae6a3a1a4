import { execa } from "execa";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pack } from "tar-stream";
import { z } from "zod";
import { codeOf, ExitCode, messageOf, UserError } from "../../lib/errors";
import { repositoryRoot } from "../../lib/paths";
import { waitForSsh } from "../../lib/ssh-wait";
import { findAccelerator, type Accelerator } from "../qemu/accelerator";
import { qemuBinary, qemuImageTool } from "../qemu/binary";
import { files } from "../qemu/folder";
import { removeMachine, startMachine, type Machine, type MachineSpec } from "../qemu/machine";
import { switchOff } from "../qemu/power";
import type { MachineImage, WarmImage } from "../qemu/spec";
import { frozenSchema, openDoor } from "../qemu/warm/door";
import { saveState } from "../qemu/warm/migration";
import { generateKeyPair } from "../ssh-key-format";
import { flush, sha256 } from "./durable";
import { withBuildLock } from "./lock";
import type { Progress } from "./progress";
import { smokeTags } from "./smoke-machines";

/** What of a machine its saved state depends on. */
export type WarmShape = Pick<MachineSpec, "vcpus" | "memoryMiB" | "diskGiB">;

/** The form of what is stored; another number makes everything anew. */
const schema = 3;
const names = {
  state: "state",
  memory: "memory",
  disk: "disk.qcow2",
  console: "console.log",
  manifest: "manifest.json",
} as const;
const guestPrograms = ["settle", "door", "shell.py"] as const;
const makingPrefix = ".making-";
const bootTimeoutMs = 300_000;
const settleTimeoutMs = 120_000;
const lifetimeMs = 1800_000;

const fileSchema = z.object({ bytes: z.number(), mtimeMs: z.number() });
const manifestSchema = z.object({
  schema: z.literal(schema),
  stateSha256: z.string(),
  memory: fileSchema,
  disk: fileSchema,
});

/** Warm images lie in the folder of the version that they belong to, and go with it. */
const warmFolder = (image: MachineImage) => join(dirname(image.disk), "warm");

async function programInPath(name: string): Promise<string> {
  for (const folder of (process.env["PATH"] ?? "").split(":")) {
    const found = await realpath(join(folder, name)).catch(() => undefined);
    if (found !== undefined) return found;
  }
  return name;
}

/** QEMU as far as a saved state depends on it, without starting it. */
async function qemuIdentity(): Promise<string> {
  const path = await programInPath(qemuBinary);
  const { size, mtimeMs } = await stat(path).catch(() => ({ size: 0, mtimeMs: 0 }));
  return `${path} ${size} ${mtimeMs}`;
}

const guestProgram = (name: string) => readFile(join(repositoryRoot(), "scripts", "guest", "warm", name));

/** Everything that a restore depends on, in one name. */
async function keyOf(shape: WarmShape, { name, cpu }: Accelerator): Promise<string> {
  const { vcpus, memoryMiB, diskGiB } = shape;
  const hash = createHash("sha256");
  hash.update(JSON.stringify([schema, vcpus, memoryMiB, diskGiB, name, cpu, await qemuIdentity()]));
  for (const program of guestPrograms) hash.update(await guestProgram(program));
  return hash.digest("hex").slice(0, 16);
}

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
async function readWarm(folder: string): Promise<WarmImage | undefined> {
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

/** Brings the booted guest to where its clones begin. Returns when nothing in it runs any more but its door. */
async function settle(machine: Machine, spec: MachineSpec, userKey: string, signal: AbortSignal): Promise<void> {
  const { address, port, user, folder } = machine;
  const door = await openDoor(folder);
  try {
    const hostKey = spec.hostKey.publicKey;
    const target = { address, port, user, privateKey: userKey, hostKey };
    const connection = await waitForSsh({ ...target, timeoutMs: bootTimeoutMs, signal });
    try {
      const archive = pack();
      for (const name of guestPrograms) archive.entry({ name, mode: 0o755 }, await guestProgram(name));
      archive.finalize();
      const place = "/opt/kmvm/warm";
      const script = `mkdir -p ${place} && tar -x -f - -C ${place} --no-same-owner && exec ${place}/settle`;
      const { code, stderr } = await connection.exec(`sudo -n sh -c '${script}'`, {
        stdin: Readable.from(archive),
        signal,
      });
      if (code !== 0) throw new Error(`the guest could not be brought to rest: ${stderr.trim().slice(-500)}`);
    } finally {
      connection.close();
    }
    await door.listen(frozenSchema, "that it has come to rest", settleTimeoutMs);
  } finally {
    door.close();
  }
}

function makerSpec(image: MachineImage, shape: WarmShape, key: string): { spec: MachineSpec; userKey: string } {
  const createdAt = new Date();
  const userKey = generateKeyPair("kmvm-warm");
  const spec: MachineSpec = {
    ...shape,
    id: `warm-${key}`,
    image,
    boot: "direct",
    expiresAt: new Date(createdAt.getTime() + lifetimeMs).toISOString(),
    user: "kmvm",
    authorizedKey: userKey.publicKey,
    hostKey: generateKeyPair("kmvm-warm"),
    tags: smokeTags(image.name, createdAt),
    toBeSaved: true,
    // It is started by its first use otherwise, and clones are to find it running: so it starts while the rest boots.
    alsoStart: ["docker.service"],
  };
  return { spec, userKey: userKey.privateKey };
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
async function store(machineFolder: string, image: MachineImage, key: string): Promise<void> {
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

async function make(home: string, image: MachineImage, shape: WarmShape, key: string, progress: Progress) {
  const { log, signal } = progress;
  const root = warmFolder(image);
  for (const left of await readdir(root))
    if (left.startsWith(makingPrefix)) await rm(join(root, left), { recursive: true, force: true });
  const startedAt = Date.now();
  const { spec, userKey } = makerSpec(image, shape, key);
  // What one that was killed has left has this name, too.
  await removeMachine(home, spec.id);
  try {
    const machine = await startMachine(home, spec, { ...(signal && { signal }) });
    await settle(machine, spec, userKey, signal ?? new AbortController().signal);
    await saveState(machine.folder);
    // What QEMU still has of the disk is in the file when it has ended.
    await switchOff(machine.folder, spec.id, {});
    await store(machine.folder, image, key);
    log?.(`warm image made in ${((Date.now() - startedAt) / 1000).toFixed(1)} s: machines of this size start from it`);
  } finally {
    await removeMachine(home, spec.id);
  }
}

const againCommand = ({ name }: MachineImage) => `kmvm image build ${name} --warm`;

/** Where it is noted that a warm image could not be made, and why. */
const failureFile = (root: string, key: string) => join(root, `failed-${key}`);

export interface WarmOptions extends Progress {
  /** Also where it has failed before. */
  readonly again?: boolean;
}

/**
 * The warm image of a version for machines of a shape; made, which takes a boot, where there is none.
 * @throws when it could not be made, now or, unless `again`, before: one that needs a boot to fail would be dearer than
 * no warm image. When it is damaged: then it is removed, and made anew the next time.
 */
export async function warmImage(
  home: string,
  image: MachineImage,
  shape: WarmShape,
  options: WarmOptions,
): Promise<WarmImage> {
  const { log, again = false } = options;
  const root = warmFolder(image);
  const key = await keyOf(shape, await findAccelerator());
  const folder = join(root, key);
  try {
    const there = await readWarm(folder);
    if (there) return there;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw new Error(`the warm image is damaged: ${messageOf(error)}; it is made anew the next time`, { cause: error });
  }
  const before = again ? undefined : await readFile(failureFile(root, key), "utf8").catch(() => undefined);
  if (before !== undefined) throw new Error(`${before.trim()}; to try again: ${againCommand(image)}`);
  return withBuildLock(root, options, async (signal) => {
    const meanwhile = await readWarm(folder);
    if (meanwhile) return meanwhile;
    log?.("making a warm image, once for machines of this size: half a minute in emulation");
    try {
      await make(home, image, shape, key, { log, signal });
    } catch (error) {
      signal.throwIfAborted();
      const failure = `a warm image could not be made: ${messageOf(error)}`;
      await writeFile(failureFile(root, key), `${failure}\n`);
      throw new UserError(
        failure,
        `machines boot instead; to try again: ${againCommand(image)}`,
        ExitCode.Infrastructure,
      );
    }
    await rm(failureFile(root, key), { force: true });
    const made = await readWarm(folder);
    if (!made) throw new Error(`${folder} is gone right after it was made`);
    return made;
  });
}
