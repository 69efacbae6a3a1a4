import { connect, type Socket } from "node:net";
import { ConnectionLost } from "./ssh-errors";

export interface SocketOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/**
 * A TCP connection on which the other side has begun to speak. That it was accepted says nothing: a forwarding QEMU
 * accepts for a guest that does not run yet.
 * @throws ConnectionLost
 */
export function openSpeakingSocket(address: string, port: number, options: SocketOptions): Promise<Socket> {
  const { timeoutMs, signal } = options;
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, noDelay: true });
    const done = (error: Error | undefined) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      socket.off("readable", onReadable).off("error", onError).off("close", onClose);
      if (error) {
        // A late error of a socket nobody waits for must not end the process.
        socket.on("error", () => undefined).destroy();
        reject(error);
      } else resolve(socket);
    };
    const lost = (why: string, cause?: Error) =>
      new ConnectionLost(`${address}:${port}: ${why}`, cause ? { cause } : undefined);
    const onAbort = () => {
      done(signal?.reason instanceof Error ? signal.reason : lost("given up"));
    };
    const onError = (error: Error) => {
      done(lost(error.message, error));
    };
    const onClose = () => {
      done(lost("closed without a word"));
    };
    const onReadable = () => {
      const first: Buffer | null = socket.read() as Buffer | null;
      if (first === null) return;
      done(undefined);
      socket.unshift(first);
    };
    const timer = setTimeout(() => {
      done(lost(`silent for ${timeoutMs / 1000} s`));
    }, timeoutMs);
    if (signal?.aborted) {
      onAbort();
      return;
    }
    signal?.addEventListener("abort", onAbort, { once: true });
    socket.on("readable", onReadable).on("error", onError).on("close", onClose);
  });
}
