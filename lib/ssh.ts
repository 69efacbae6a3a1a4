import type { Socket } from "node:net";
import { NodeSSH, type Config } from "node-ssh";
import { utils, type Client, type ConnectConfig } from "ssh2";
import { messageOf } from "./errors";
import { execOver, type ExecOptions, type ExecResult } from "./ssh-exec";
import { ConnectionLost, fingerprint, HostKeyMismatch, LoginRefused } from "./ssh-errors";
import { parseEd25519Key, type SshTarget } from "./ssh-target";

export interface ConnectOptions extends SshTarget {
  /** Milliseconds for all of it: connection, key exchange, login. @default 20000 */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** One connection. It is closed by `close`, or found dead by keepalives within half a minute. */
export interface SshConnection {
  /** @throws ConnectionLost when the connection ends first */
  exec(command: string, options?: ExecOptions): Promise<ExecResult>;
  /** When the other side was last heard, answers to keepalives included; milliseconds as Date.now(). */
  lastHeardAt(): number;
  /** Resolves when the connection has ended, for whatever reason. */
  readonly ended: Promise<void>;
  close(): void;
}

/** The answers also tell a guest that lives from one that does not, so there are several in the shortest hang limit. */
const keepalive = { keepaliveInterval: 5000, keepaliveCountMax: 6 };

/** What they cost a guest whose instructions are emulated differs by less than the noise; the first is our cheapest. */
const algorithms = {
  kex: ["curve25519-sha256", "curve25519-sha256@libssh.org"],
  serverHostKey: ["ssh-ed25519"],
  cipher: ["aes128-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes128-ctr"],
} satisfies ConnectConfig["algorithms"];

async function logIn(config: Config): Promise<Client> {
  const ssh = new NodeSSH();
  try {
    await ssh.connect(config);
  } catch (error) {
    const refused = error instanceof Error && "level" in error && error.level === "client-authentication";
    throw new (refused ? LoginRefused : ConnectionLost)(messageOf(error), { cause: error });
  }
  const client = ssh.connection;
  if (!client) throw new ConnectionLost("closed right after the login");
  // node-ssh stops listening once it is connected, and a connection's death is an event that would end the process.
  client.on("error", () => undefined);
  return client;
}

/** An open connection as callers see it. */
function connectionOver(client: Client, socket: Socket): SshConnection {
  let heardAt = Date.now();
  socket.on("data", () => {
    heardAt = Date.now();
  });
  let failure: Error | undefined;
  client.on("error", (error) => {
    failure ??= error;
  });
  const tellWhy = (error: unknown): never => {
    if (!(error instanceof ConnectionLost) || !failure) throw error;
    throw new ConnectionLost(`${error.message}: ${failure.message}`, { cause: failure });
  };
  const ended = new Promise<void>((resolve) => {
    client.once("close", () => {
      resolve();
    });
  });
  return {
    exec: (command, options) => execOver(client, command, options).catch(tellWhy),
    lastHeardAt: () => heardAt,
    ended,
    close: () => {
      client.end();
      // A dead peer answers no goodbye.
      socket.destroySoon();
    },
  };
}

/**
 * Logs in over a socket on which the other side has begun to speak, with the key given and no other: no agent, no
 * password. The socket is destroyed when that fails.
 * @throws HostKeyMismatch, LoginRefused, ConnectionLost, or the signal's reason; Error for a private key that cannot be
 * read
 */
export async function logInOver(socket: Socket, options: ConnectOptions): Promise<SshConnection> {
  const { address, port, user, privateKey, signal, timeoutMs = 20_000 } = options;
  let mismatch: HostKeyMismatch | undefined;
  const onAbort = () => socket.destroy();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    const expected = parseEd25519Key(options.hostKey);
    const ownKey = utils.parseKey(privateKey);
    // Trying again would not help, and to ssh2 it is one more failure to connect.
    if (ownKey instanceof Error)
      throw new Error(`the private key for ${user}@${address} cannot be read`, { cause: ownKey });
    const client = await logIn({
      sock: socket,
      username: user,
      privateKey,
      authHandler: ["publickey"],
      hostVerifier: (presented: Buffer) => {
        if (presented.equals(expected)) return true;
        mismatch = new HostKeyMismatch(`${address}:${port}`, fingerprint(expected), fingerprint(presented));
        return false;
      },
      algorithms,
      readyTimeout: timeoutMs,
      ...keepalive,
    });
    signal?.throwIfAborted();
    return connectionOver(client, socket);
  } catch (error) {
    socket.destroy();
    signal?.throwIfAborted();
    throw mismatch ?? error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}
