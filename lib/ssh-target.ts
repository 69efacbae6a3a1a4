/** Where to log in, and by which keys both sides know each other. */
export interface SshTarget {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** OpenSSH private key of `user`. */
  readonly privateKey: string;
  /** The only host key that is accepted: one OpenSSH public key line, ed25519. */
  readonly hostKey: string;
}

/** Wire format of an OpenSSH public key line. @throws when it is no ed25519 key */
export function parseEd25519Key(line: string): Buffer {
  const [type, base64] = line.trim().split(/\s+/);
  if (type !== "ssh-ed25519" || !base64) throw new Error(`not an ssh-ed25519 public key line: "${line.slice(0, 40)}"`);
  return Buffer.from(base64, "base64");
}
