import { utils } from "ssh2";

/** A key pair in OpenSSH's formats, for one measurement. */
export function newKey(): { publicKey: string; privateKey: string } {
  const pair = utils.generateKeyPairSync("ed25519");
  return { publicKey: pair.public, privateKey: pair.private };
}
