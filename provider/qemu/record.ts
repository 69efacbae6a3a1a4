import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { codeOf } from "../../lib/errors";
import { files } from "./folder";
import { boots, hardwares, type MachineSpec } from "./spec";

/** machine.json. Everything that is known of a machine without asking QEMU; no secret. */
const recordSchema = z.object({
  schema: z.literal(1),
  id: z.string(),
  image: z.object({
    name: z.string(),
    version: z.string(),
    disk: z.string(),
    diskFormat: z.enum(["raw", "qcow2"]),
    kernel: z.string(),
    initrd: z.string().default(""),
  }),
  boot: z.enum(boots),
  /** It stays what it was at the first start: the guest knows its disk by it. */
  hardware: z.enum(hardwares).default("nvme"),
  /** What it is a clone of. */
  warm: z.object({ state: z.string(), memory: z.string(), disk: z.string(), console: z.string() }).optional(),
  toBeSaved: z.literal(true).optional(),
  alsoStart: z.array(z.string()).optional(),
  cloneOf: z.string().optional(),
  vcpus: z.number(),
  memoryMiB: z.number(),
  diskGiB: z.number(),
  expiresAt: z.string(),
  user: z.string(),
  authorizedKey: z.string(),
  hostPublicKey: z.string(),
  tags: z.object({
    project: z.string(),
    backendHash: z.string(),
    stack: z.string(),
    runId: z.string(),
    createdAt: z.string(),
    owner: z.string(),
  }),
  /** Where QEMU was last told to listen: written before it is started. */
  endpoint: z.object({ address: z.string(), port: z.number() }).optional(),
  accelerator: z.enum(["kvm", "tcg"]).optional(),
  /** When QEMU first answered; before that the machine is half made. */
  startedAt: z.string().optional(),
});
export type MachineRecord = z.infer<typeof recordSchema>;

export function recordOf(spec: MachineSpec): MachineRecord {
  const { name, version, disk, diskFormat, kernel, initrd } = spec.image;
  return {
    schema: 1,
    id: spec.id,
    image: { name, version, disk, diskFormat, kernel, initrd },
    boot: spec.boot,
    hardware: spec.warm || spec.toBeSaved ? "migratable" : "nvme",
    ...(spec.warm ? { warm: spec.warm } : {}),
    ...(spec.toBeSaved ? { toBeSaved: spec.toBeSaved } : {}),
    ...(spec.alsoStart ? { alsoStart: [...spec.alsoStart] } : {}),
    ...(spec.cloneOf === undefined ? {} : { cloneOf: spec.cloneOf }),
    vcpus: spec.vcpus,
    memoryMiB: spec.memoryMiB,
    diskGiB: spec.diskGiB,
    expiresAt: spec.expiresAt,
    user: spec.user,
    authorizedKey: spec.authorizedKey,
    hostPublicKey: spec.hostKey.publicKey,
    tags: { ...spec.tags },
  };
}

/** What makes a machine another one; tags and the like do not. */
export function sameMachine(a: MachineRecord, b: MachineRecord): boolean {
  const essence = ({
    image,
    boot,
    vcpus,
    memoryMiB,
    diskGiB,
    expiresAt,
    user,
    authorizedKey,
    hostPublicKey,
  }: MachineRecord) =>
    JSON.stringify([
      image.disk,
      boot,
      vcpus,
      memoryMiB,
      diskGiB,
      expiresAt,
      user,
      authorizedKey.trim(),
      hostPublicKey.trim(),
    ]);
  return essence(a) === essence(b);
}

/** @returns undefined when there is no such machine */
export async function readRecord(folder: string): Promise<MachineRecord | undefined> {
  try {
    return recordSchema.parse(JSON.parse(await readFile(join(folder, files.record), "utf8")));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Replaces the record in one step: whoever reads it finds the old or the new one. */
export async function writeRecord(folder: string, record: MachineRecord): Promise<void> {
  const temporary = join(folder, `${files.record}.${process.pid}`);
  await writeFile(temporary, `${JSON.stringify(record, undefined, 2)}\n`, { mode: 0o600 });
  await rename(temporary, join(folder, files.record));
}

/**
 * Makes the machine's folder with its record in it in one step, so that there is never a machine without tags.
 * @returns false when there is a machine of that name already
 */
export async function createFolder(folder: string, temporary: string, record: MachineRecord): Promise<boolean> {
  await mkdir(temporary, { recursive: true, mode: 0o700 });
  try {
    await writeRecord(temporary, record);
    await rename(temporary, folder);
    return true;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    if (codeOf(error) === "ENOTEMPTY" || codeOf(error) === "EEXIST") return false;
    throw error;
  }
}
