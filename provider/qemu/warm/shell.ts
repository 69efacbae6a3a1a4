import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { Socket } from "node:net";
import { PassThrough, Readable, type Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { z } from "zod";
import { messageOf } from "../../../lib/errors";
import type { RootShell } from "../../../lib/root-shell";
import { ConnectionLost } from "../../../lib/ssh-errors";
import type { ExecOptions, ExecResult } from "../../../lib/ssh-exec";
import { tailOf } from "../../../lib/tail";
import { shellSockets } from "../folder";
import { connectTo } from "../socket";

const inputBytes = 32 * 1024;
/** The guest is not trusted; its lines hold 32 KiB in base64. */
const lineLimit = 64 * 1024;
/** The guest says every five seconds that it lives. */
const silenceMs = 30_000;

const messageSchema = z.object({
  id: z.string(),
  out: z.base64().optional(),
  err: z.base64().optional(),
  exit: z.number().int().min(0).max(255).optional(),
  alive: z.literal(true).optional(),
});

async function* linesOf(socket: Socket): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of socket.setEncoding("latin1")) {
    const lines = (rest + String(chunk)).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > lineLimit) throw new Error("the guest says more in a line than it should");
    yield* lines;
  }
}

async function put(stream: Writable, chunk: Buffer | string): Promise<void> {
  if (!stream.write(chunk)) await once(stream, "drain");
}

/** One command over one socket: the host's end of scripts/guest/warm/shell.py. */
class Command {
  private readonly id = randomUUID();

  constructor(private readonly socket: Socket) {}

  /** Returns when the guest has answered. */
  async greet(): Promise<void> {
    await this.begin({ hello: true });
    for await (const line of linesOf(this.socket)) if (this.parse(line).alive) return;
    throw new Error("QEMU has ended it");
  }

  /** @param first what is said first */
  async begin(first: { readonly run: string } | { readonly hello: true }): Promise<void> {
    // The line end before it ends what an earlier connection was cut off in.
    await put(this.socket, "\n");
    await this.say(first);
  }

  async give(input: NonNullable<ExecOptions["stdin"]>): Promise<void> {
    for await (const chunk of Readable.from(input, { objectMode: false })) {
      const bytes = chunk as Buffer;
      for (let at = 0; at < bytes.length; at += inputBytes)
        await this.say({ input: bytes.subarray(at, at + inputBytes).toString("base64") });
    }
    await this.say({ input: null });
  }

  /** @returns the exit code */
  async listen(stdout: Writable, stderr: Writable): Promise<number> {
    for await (const line of linesOf(this.socket)) {
      const { out, err, exit } = this.parse(line);
      if (out !== undefined) await put(stdout, Buffer.from(out, "base64"));
      if (err !== undefined) await put(stderr, Buffer.from(err, "base64"));
      if (exit !== undefined) return exit;
    }
    throw new Error("QEMU has ended it");
  }

  private parse(line: string): Partial<z.infer<typeof messageSchema>> {
    // Not what an earlier command on this port had still to say.
    return line.includes(this.id) ? messageSchema.parse(JSON.parse(line)) : {};
  }

  private say(content: object): Promise<void> {
    return put(this.socket, `${JSON.stringify({ id: this.id, ...content })}\n`);
  }
}

const never = () => new Promise<never>(() => undefined);

async function runOver(socket: Socket, script: string, options: ExecOptions): Promise<ExecResult> {
  const stdout = options.stdout ?? new PassThrough();
  const stderr = new PassThrough();
  const stdoutTail = stdout instanceof PassThrough && !options.stdout ? tailOf(stdout) : () => "";
  const stderrTail = tailOf(stderr);
  const command = new Command(socket);
  const written = Promise.all([finished(stdout), finished(stderr)]);
  written.catch(() => undefined);
  const giving = command.begin({ run: script }).then(() => command.give(options.stdin ?? ""));
  // It may end before it has read all its input; that the socket has ended is told by who listens.
  const inputBroken = giving.then(never, (error: unknown) =>
    socket.destroyed ? never() : Promise.reject(error as Error),
  );
  const code = await Promise.race([command.listen(stdout, stderr), inputBroken, written.then(never)]);
  stdout.end();
  stderr.end();
  await written;
  return { code, stdout: stdoutTail(), stderr: stderrTail() };
}

/**
 * The way into a clone that needs no login: over ports of the machine that only who may read its folder can open.
 * Waits for the guest's answer, which one that has booted since never gives.
 * @throws ConnectionLost where there are no such ports; the signal's reason
 */
export async function openShell(folder: string, signal: AbortSignal): Promise<RootShell> {
  const busy = new Set<string>();
  const open = new AbortController();
  let heardAt = Date.now();
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));

  /** Does something over a port that nobody else uses meanwhile. */
  async function over<T>(options: ExecOptions, act: (socket: Socket) => Promise<T>): Promise<T> {
    const { signal, stdin, stdout } = options;
    signal?.throwIfAborted();
    const port = shellSockets.find((name) => !busy.has(name));
    if (port === undefined) throw new Error("too many commands at once");
    busy.add(port);
    const settled = new AbortController();
    const stop = AbortSignal.any([open.signal, ...(signal ? [signal] : [])]);
    const stopped = once(stop, "abort", { signal: settled.signal }).then(() => Promise.reject(new Error("given up")));
    stopped.catch(() => undefined);
    let socket: Socket | undefined;
    let inputError: unknown;
    if (stdin instanceof Readable) stdin.once("error", (error) => (inputError = error));
    try {
      socket = await connectTo(folder, port);
      socket.on("error", () => undefined).on("data", () => (heardAt = Date.now()));
      socket.setTimeout(silenceMs, () => socket?.destroy(new Error(`nothing heard for ${silenceMs / 1000} s`)));
      stop.throwIfAborted();
      return await Promise.race([act(socket), stopped]);
    } catch (error) {
      signal?.throwIfAborted();
      if (inputError || stdout?.errored) throw error;
      end();
      throw new ConnectionLost(`no answer through the machine's port: ${messageOf(error)}`, { cause: error });
    } finally {
      socket?.destroy();
      if (stdin instanceof Readable) stdin.destroy();
      settled.abort();
      busy.delete(port);
    }
  }

  const close = () => {
    open.abort();
    end();
  };
  try {
    await over({ signal }, (socket) => new Command(socket).greet());
  } catch (error) {
    close();
    throw error;
  }
  return {
    run: (script, options = {}) => over(options, (socket) => runOver(socket, script, options)),
    lastHeardAt: () => heardAt,
    ended,
    close,
  };
}
