import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";

export interface KeyPair {
  /** One OpenSSH public key line. */
  readonly publicKey: string;
  /** OpenSSH's own format, which sshd wants of a host key. */
  readonly privateKey: string;
  /** As ssh-keygen -l prints it. */
  readonly fingerprint: string;
}

const keyType = "ssh-ed25519";

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** RFC 4251 section 5: `string`. */
function string(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

/** The unencrypted form of OpenSSH's PROTOCOL.key. */
function privateKeyFile(publicBlob: Buffer, publicBytes: Buffer, seed: Buffer, comment: string): string {
  const check = randomBytes(4);
  const keys = Buffer.concat([
    ...[check, check, string(keyType), string(publicBytes)],
    ...[string(Buffer.concat([seed, publicBytes])), string(comment)],
  ]);
  const padding = Buffer.from(Array.from({ length: (8 - (keys.length % 8)) % 8 }, (_, index) => index + 1));
  const file = Buffer.concat([
    ...[Buffer.from("openssh-key-v1\0"), string("none"), string("none"), string(""), uint32(1)],
    ...[string(publicBlob), string(Buffer.concat([keys, padding]))],
  ]);
  const lines = file.toString("base64").match(/.{1,70}/g) ?? [];
  return ["-----BEGIN OPENSSH PRIVATE KEY-----", ...lines, "-----END OPENSSH PRIVATE KEY-----", ""].join("\n");
}

/** A new ed25519 key pair. */
export function generateKeyPair(comment: string): KeyPair {
  const { x, d } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  if (x === undefined || d === undefined) throw new Error("node:crypto gave an ed25519 key without its parts");
  const publicBytes = Buffer.from(x, "base64url");
  const blob = Buffer.concat([string(keyType), string(publicBytes)]);
  return {
    publicKey: `${keyType} ${blob.toString("base64")} ${comment}`,
    privateKey: privateKeyFile(blob, publicBytes, Buffer.from(d, "base64url"), comment),
    fingerprint: `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`,
  };
}
