import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { Server, utils, type Connection, type ServerChannel } from "ssh2";
import { generateKeyPair, type KeyPair } from "../../../provider/ssh-key-format";

export type { KeyPair };

/** Not by ssh2's own generator: one in 250 of its ed25519 keys is malformed, which made tests fail now and then. */
export const makeKeyPair = (): KeyPair => generateKeyPair("test");

export function makeRsaKey(): string {
  return generateKeyPairSync("rsa", { modulusLength: 2048 })
    .privateKey.export({ type: "pkcs1", format: "pem" })
    .toString();
}

export interface TestSshServer {
  readonly port: number;
  readonly connections: Connection[];
  close(): void;
}

/** An ssh server in this process that lets `user` in and hands each command to `onExec`. */
export async function startSshServer(
  hostKey: string,
  authorized: KeyPair,
  onExec: (command: string, channel: ServerChannel, connection: Connection) => void,
): Promise<TestSshServer> {
  const allowed = utils.parseKey(authorized.publicKey);
  if (allowed instanceof Error) throw allowed;
  const connections: Connection[] = [];
  const server = new Server({ hostKeys: [hostKey] }, (connection) => {
    connections.push(connection);
    connection.on("error", () => undefined);
    connection.on("authentication", (request) => {
      if (request.method !== "publickey" || !request.key.data.equals(allowed.getPublicSSH())) request.reject();
      else request.accept();
    });
    connection.on("session", (accept) => {
      accept().on("exec", (acceptExec, _reject, info) => {
        onExec(info.command, acceptExec(), connection);
      });
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    close: () => {
      for (const connection of connections) connection.end();
      server.close();
    },
  };
}
