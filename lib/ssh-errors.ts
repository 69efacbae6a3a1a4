import { createHash } from "node:crypto";

/** `SHA256:…` of a public key in its wire format, as `ssh-keygen -l` prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}

/** The machine that answered is not the one that was made: never retried. */
export class HostKeyMismatch extends Error {
  override readonly name = "HostKeyMismatch";

  constructor(
    where: string,
    readonly expected: string,
    readonly presented: string,
  ) {
    super(`${where} presents the host key ${presented}, but ${expected} was made for it`);
  }
}

/** The machine answered, is the right one, and does not let us in. A guest that still boots does so for a while. */
export class LoginRefused extends Error {
  override readonly name = "LoginRefused";
}

/** The connection could not be made, or ended before what ran over it had: nothing is known of its outcome. */
export class ConnectionLost extends Error {
  override readonly name = "ConnectionLost";
}
