import type { Socket } from "node:net";
import { codeOf } from "../../lib/errors";
import { retryUntil, TimeoutError } from "../../lib/retry";
import { files } from "./folder";
import { connectTo } from "./socket";

/** QEMU refused a command. */
export class QmpError extends Error {
  override readonly name = "QmpError";
}

export interface Qmp {
  /** @throws QmpError, or TimeoutError when there is no answer in time */
  command(name: string, args?: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** A command of the human monitor; its output. */
  human(commandLine: string): Promise<string>;
  close(): void;
}

interface Reply {
  readonly QMP?: unknown;
  readonly event?: string;
  readonly return?: unknown;
  readonly error?: { readonly class: string; readonly desc: string };
}

interface Waiting {
  resolve(reply: Reply): void;
  reject(error: Error): void;
}

/** Replies come in the order of commands, so one queue is enough; events are not used. */
function repliesOf(socket: Socket) {
  const early: Reply[] = [];
  const waiting: Waiting[] = [];
  let broken: Error | undefined;
  const fail = (error: Error) => {
    broken ??= error;
    for (const one of waiting.splice(0)) one.reject(broken);
  };
  socket.on("error", fail);
  socket.on("close", () => {
    fail(new QmpError("QEMU closed the connection"));
  });
  const take = (line: string) => {
    const reply = JSON.parse(line) as Reply;
    if (reply.event !== undefined) return;
    const next = waiting.shift();
    if (next) next.resolve(reply);
    else early.push(reply);
  };
  let rest = "";
  socket.setEncoding("utf8").on("data", (text: string) => {
    const lines = `${rest}${text}`.split("\n");
    rest = lines.pop() ?? "";
    lines.filter((line) => line.trim() !== "").forEach(take);
  });
  return function next(what: string, timeoutMs: number): Promise<Reply> {
    const ready = early.shift();
    if (ready) return Promise.resolve(ready);
    if (broken) return Promise.reject(broken);
    return new Promise<Reply>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new TimeoutError(`QEMU did not answer ${what} within ${timeoutMs / 1000} s`));
        socket.destroy();
      }, timeoutMs);
      waiting.push({
        resolve: (reply) => {
          clearTimeout(timer);
          resolve(reply);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
    });
  };
}

/**
 * A session with a machine's QEMU. QEMU serves one at a time, the next one waits: keep it short, and close it.
 * @param timeoutMs for each answer, the greeting included
 * @throws what connecting throws (ENOENT, ECONNREFUSED) when no QEMU listens there
 */
export async function openQmp(folder: string, timeoutMs = 5000): Promise<Qmp> {
  const socket = await connectTo(folder, files.qmp);
  const next = repliesOf(socket);
  const command: Qmp["command"] = async (name, args) => {
    socket.write(`${JSON.stringify({ execute: name, ...(args ? { arguments: args } : {}) })}\n`);
    const reply = await next(name, timeoutMs);
    if (reply.error) throw new QmpError(`${name}: ${reply.error.desc}`);
    return reply.return;
  };
  try {
    await next("the connection", timeoutMs);
    await command("qmp_capabilities");
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return {
    command,
    human: async (commandLine) => String(await command("human-monitor-command", { "command-line": commandLine })),
    close: () => {
      socket.destroy();
    },
  };
}

export async function withQmp<T>(folder: string, use: (qmp: Qmp) => Promise<T>, timeoutMs?: number): Promise<T> {
  const qmp = await openQmp(folder, timeoutMs);
  try {
    return await use(qmp);
  } finally {
    qmp.close();
  }
}

/** No socket yet, one that an earlier QEMU left, and a QEMU that ends while it is asked. */
const notYet = new Set(["ENOENT", "ECONNREFUSED", "ECONNRESET", "EPIPE"]);

/**
 * Waits until QEMU answers.
 * @param ended gives why it never will
 */
export function waitForQmp(
  folder: string,
  timeoutMs: number,
  ended: () => Error | undefined,
  signal?: AbortSignal,
): Promise<true> {
  return retryUntil({
    what: "QEMU to answer on its control socket",
    timeoutMs,
    intervalMs: 20,
    attempt: async () => {
      const why = ended();
      if (why) throw why;
      try {
        await withQmp(folder, (qmp) => qmp.command("query-status"), timeoutMs);
        return true;
      } catch (error) {
        if (notYet.has(codeOf(error) ?? "")) return undefined;
        if (error instanceof QmpError) return undefined;
        throw error;
      }
    },
    ...(signal ? { signal } : {}),
  });
}
