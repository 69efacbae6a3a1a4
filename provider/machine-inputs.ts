import { z } from "zod";
import type { CheckFailure } from "../plugin/resource";
import { hasUnknown, type Properties } from "../plugin/values";
import { date, flag, integer, oneOf, text, type Rule } from "./checks";
import { starts, type StartPolicy } from "../lib/start-policy";
import { boots, idPattern, type MachineImage, type MachineSpec } from "./qemu/spec";

/** The user that the images have. */
const user = "kmvm";

const publicKey = text(/^ssh-ed25519 [A-Za-z0-9+/]+={0,2}( [^\r\n]*)?\r?\n?$/, "one line that begins with ssh-ed25519");

const tagsSchema = z.object({
  project: z.string(),
  backendHash: z.string(),
  stack: z.string(),
  runId: z.string(),
  createdAt: z.string(),
  owner: z.string(),
});

export const machineRules: Readonly<Record<string, Rule>> = {
  machineId: text(idPattern, "1 to 63 of a-z, 0-9 and -, beginning and ending with a letter or digit"),
  image: text(/^[a-zA-Z0-9][\w.-]*(@[\w.+-]+)?$/, "the name of an image, or name@version"),
  boot: oneOf(boots),
  start: { ...oneOf(starts), required: false },
  cloneable: { ...flag, required: false },
  vcpus: integer(1, 64, "virtual CPUs"),
  memoryMiB: integer(256, 1024 * 1024, "MiB"),
  diskGiB: integer(1, 2048, "GiB"),
  expiresAt: date,
  authorizedKey: publicKey,
  hostPublicKey: publicKey,
  hostPrivateKey: {
    ...text(/^-----BEGIN OPENSSH PRIVATE KEY-----\r?\n/, "a private key in OpenSSH's format"),
    secret: true,
  },
  tags: {
    allowed: `an object with ${Object.keys(tagsSchema.shape).join(", ")}`,
    test: (value) => tagsSchema.safeParse(value).success,
  },
};

/** What is right by itself but not now: only new machines are held against it. */
export function expired(news: Properties, now: number): CheckFailure[] {
  const { expiresAt } = news;
  if (typeof expiresAt !== "string" || hasUnknown(expiresAt) || !(Date.parse(expiresAt) <= now)) return [];
  return [
    { property: "expiresAt", reason: `expiresAt ${expiresAt} is in the past; make a new run (destroy, then up)` },
  ];
}

const inputsSchema = z.object({
  machineId: z.string(),
  image: z.string(),
  boot: z.enum(boots),
  start: z.enum(starts).default("auto"),
  cloneable: z.boolean().default(false),
  vcpus: z.number(),
  memoryMiB: z.number(),
  diskGiB: z.number(),
  expiresAt: z.string(),
  authorizedKey: z.string(),
  hostPublicKey: z.string(),
  hostPrivateKey: z.string(),
  tags: tagsSchema,
});

/** Checked inputs -> what the QEMU layer is told, and how the machine is to start. */
export function machineSpec(inputs: Properties, image: MachineImage): { spec: MachineSpec; start: StartPolicy } {
  const { machineId, hostPublicKey, hostPrivateKey, start, cloneable, ...asked } = inputsSchema.parse(inputs);
  const hostKey = { publicKey: hostPublicKey, privateKey: hostPrivateKey };
  return {
    spec: { ...asked, id: machineId, image, user, hostKey, ...(cloneable ? { toBeSaved: true as const } : {}) },
    start,
  };
}
