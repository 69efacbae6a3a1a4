import { constants } from "node:os";
import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Client, ClientChannel } from "ssh2";
import { messageOf } from "./errors";
import { ConnectionLost } from "./ssh-errors";
import { tailOf } from "./tail";

export interface ExecOptions {
  /** Given to the command and then closed. @default nothing, closed at once */
  readonly stdin?: Readable | Buffer | string;
  /** Takes the output as it comes, and slows the sender down; it is ended with it. @default collected in the result */
  readonly stdout?: Writable;
  /** Ends the wait, not surely the command. */
  readonly signal?: AbortSignal;
}

export interface ExecResult {
  /** Exit code; 128 + number for a command that a signal ended, as shells have it. */
  readonly code: number;
  /** Empty where `stdout` took it. Only the last MiB. */
  readonly stdout: string;
  /** Only the last MiB. */
  readonly stderr: string;
}

interface Running {
  readonly channel: ClientChannel;
  readonly exit: Promise<number | undefined>;
}

function start(client: Client, command: string): Promise<Running> {
  return new Promise((resolve, reject) => {
    const lost = (error: unknown) => {
      reject(new ConnectionLost(`cannot start a command: ${messageOf(error)}`, { cause: error }));
    };
    const onClose = () => {
      lost("the connection has ended");
    };
    client.once("close", onClose);
    try {
      client.exec(command, (error, channel) => {
        client.off("close", onClose);
        if (error) lost(error);
        // Listened to at once: how a short command ended may follow in the same packet.
        else resolve({ channel: channel.on("error", () => undefined), exit: exitOf(channel) });
      });
    } catch (error) {
      lost(error);
    }
  });
}

const signalNumbers: Readonly<Record<string, number>> = constants.signals;

/** Exit code of what ran on the channel; undefined when it closed without one, that is, the connection ended. */
function exitOf(channel: ClientChannel): Promise<number | undefined> {
  return new Promise((resolve) => {
    let code: number | undefined;
    channel.on("exit", (status: number | null, signal?: string) => {
      code = status ?? 128 + (signalNumbers[signal?.startsWith("SIG") ? signal : `SIG${signal ?? ""}`] ?? 0);
    });
    channel.on("close", () => {
      resolve(code);
    });
  });
}

/** Rejects when the caller gives up or one of the caller's streams breaks. */
function broken(options: ExecOptions, dispose: AbortSignal): Promise<never> {
  const { signal, stdin, stdout } = options;
  return new Promise((_resolve, reject) => {
    signal?.addEventListener(
      "abort",
      () => {
        reject(signal.reason instanceof Error ? signal.reason : new Error("given up"));
      },
      { signal: dispose },
    );
    if (stdin instanceof Readable) stdin.once("error", reject);
    stdout?.once("error", reject);
  });
}

/**
 * Runs one command over a connection.
 * @throws ConnectionLost when the connection ended first; the signal's reason; what broke `stdin` or `stdout`
 */
export async function execOver(client: Client, command: string, options: ExecOptions = {}): Promise<ExecResult> {
  options.signal?.throwIfAborted();
  const dispose = new AbortController();
  const failure = broken(options, dispose.signal);
  const starting = start(client, command);
  try {
    const { channel, exit } = await Promise.race([starting, failure]);
    const stderr = tailOf(channel.stderr);
    const stdout = options.stdout ? () => "" : tailOf(channel);
    const output = options.stdout ? pipeline(channel, options.stdout) : Promise.resolve();
    // What broke it is told by `failure`; that the connection cut it short, by the missing exit code.
    const outputDone = output.catch(() => undefined);
    // The command may end without having read all of its input.
    if (options.stdin instanceof Readable) options.stdin.pipe(channel);
    else channel.end(options.stdin ?? "");
    const code = await Promise.race([exit, failure]);
    if (code === undefined) throw new ConnectionLost("the connection ended before the command did");
    await Promise.race([outputDone, failure]);
    return { code, stdout: stdout(), stderr: stderr() };
  } finally {
    dispose.abort();
    starting.then(
      ({ channel }) => channel.destroy(),
      () => undefined,
    );
    failure.catch(() => undefined);
    if (options.stdin instanceof Readable) options.stdin.destroy();
  }
}
