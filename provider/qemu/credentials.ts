import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { files } from "./folder";
import type { MachineSpec } from "./spec";

const base64 = (text: string) => Buffer.from(text).toString("base64");
const line = (text: string) => (text.endsWith("\n") ? text : `${text}\n`);

/**
 * Content of the systemd credential `tmpfiles.extra`: systemd-tmpfiles(8) of systemd 252 applies it early in every
 * boot, before sshd. `f+` writes the file anew, `~` means that its content is given in base64 (tmpfiles.d(5)).
 */
export function tmpfilesExtra({ id, user, authorizedKey, hostKey }: MachineSpec): string {
  const home = `/home/${user}`;
  const file = (path: string, mode: string, owner: string, content: string) =>
    `f+~ ${path} ${mode} ${owner} ${owner} - ${base64(line(content))}\n`;
  return [
    file("/etc/ssh/ssh_host_ed25519_key", "0600", "root", hostKey.privateKey),
    file("/etc/ssh/ssh_host_ed25519_key.pub", "0644", "root", hostKey.publicKey),
    `d ${home}/.ssh 0700 ${user} ${user} -\n`,
    file(`${home}/.ssh/authorized_keys`, "0600", user, authorizedKey),
    file("/etc/hostname", "0644", "root", id),
    file("/etc/hosts", "0644", "root", `127.0.0.1 localhost\n127.0.1.1 ${id}\n::1 localhost ip6-localhost`),
  ].join("");
}

/** Writes the machine's credentials where QEMU's arguments say that they are, readable by the owner only. */
export async function writeCredentials(folder: string, spec: MachineSpec): Promise<void> {
  await mkdir(join(folder, files.credentials), { recursive: true, mode: 0o700 });
  const path = join(folder, files.tmpfilesExtra);
  const temporary = `${path}.${process.pid}`;
  await writeFile(temporary, tmpfilesExtra(spec), { mode: 0o600 });
  await rename(temporary, path);
}
