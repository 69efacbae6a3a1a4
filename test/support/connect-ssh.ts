import { logInOver, type ConnectOptions, type SshConnection } from "../../lib/ssh";
import { openSpeakingSocket } from "../../lib/ssh-socket";

/** One attempt to log in. @throws as `logInOver` */
export async function connectSsh(options: ConnectOptions): Promise<SshConnection> {
  const { address, port, timeoutMs = 20_000 } = options;
  const started = Date.now();
  const socket = await openSpeakingSocket(address, port, { ...options, timeoutMs });
  return logInOver(socket, { ...options, timeoutMs: Math.max(1, timeoutMs - (Date.now() - started)) });
}
