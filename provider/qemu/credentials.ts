import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { files } from "./folder";
import type { MachineSpec } from "./spec";

const base64 = (text: string) => Buffer.from(text).toString("base64");
const line = (text: string) => (text.endsWith("\n") ? text : `${text}\n`);

const identitySchema = z.array(z.object({ path: z.string(), mode: z.number(), user: z.string(), content: z.string() }));

/** A file by which a guest knows who it is, and who may log in. */
export type IdentityFile = z.infer<typeof identitySchema>[number];

/** Pure. */
export function identityFiles({ id, user, authorizedKey, hostKey }: MachineSpec): IdentityFile[] {
  const file = (path: string, mode: number, owner: string, content: string) => ({
    ...{ path, mode, user: owner, content: line(content) },
  });
  return [
    file("/etc/ssh/ssh_host_ed25519_key", 0o600, "root", hostKey.privateKey),
    file("/etc/ssh/ssh_host_ed25519_key.pub", 0o644, "root", hostKey.publicKey),
    file(`/home/${user}/.ssh/authorized_keys`, 0o600, user, authorizedKey),
    file("/etc/hostname", 0o644, "root", id),
    file("/etc/hosts", 0o644, "root", `127.0.0.1 localhost\n127.0.1.1 ${id}\n::1 localhost ip6-localhost`),
  ];
}

/**
 * Content of the systemd credential `tmpfiles.extra`: systemd-tmpfiles(8) of systemd 252 applies it early in every
 * boot, before sshd. `f+` writes the file anew, `~` means that its content is given in base64 (tmpfiles.d(5)).
 */
export function tmpfilesExtra(spec: MachineSpec): string {
  const { user } = spec;
  const files = identityFiles(spec).map(
    ({ path, mode, user: owner, content }) =>
      `f+~ ${path} ${mode.toString(8).padStart(4, "0")} ${owner} ${owner} - ${base64(content)}\n`,
  );
  return [`d /home/${user}/.ssh 0700 ${user} ${user} -\n`, ...files].join("");
}

/** Writes the machine's credentials where QEMU's arguments say that they are, readable by the owner only. */
export async function writeCredentials(folder: string, spec: MachineSpec): Promise<void> {
  await mkdir(join(folder, files.credentials), { recursive: true, mode: 0o700 });
  await writeSecret(join(folder, files.tmpfilesExtra), tmpfilesExtra(spec));
  await writeSecret(join(folder, files.identity), JSON.stringify(identityFiles(spec)));
}

async function writeSecret(path: string, content: string): Promise<void> {
  const temporary = `${path}.${process.pid}`;
  await writeFile(temporary, content, { mode: 0o600 });
  await rename(temporary, path);
}

export async function readIdentity(folder: string): Promise<IdentityFile[]> {
  return identitySchema.parse(JSON.parse(await readFile(join(folder, files.identity), "utf8")));
}
