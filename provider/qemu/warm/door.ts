import { randomBytes, randomUUID } from "node:crypto";
import { z } from "zod";
import { TimeoutError } from "../../../lib/retry";
import type { IdentityFile } from "../credentials";
import { files } from "../folder";
import { connectTo } from "../socket";

/** The host's end of scripts/guest/warm/door. */
export interface Door {
  /** The next line of the guest, which is not trusted: it is bounded in size and time. */
  listen<T>(schema: z.ZodType<T>, what: string, timeoutMs: number): Promise<T>;
  say(message: unknown): void;
  close(): void;
}

const lineLimit = 4096;

/** Must be open before the guest runs: it looks whether anybody is there. */
export async function openDoor(folder: string): Promise<Door> {
  const socket = await connectTo(folder, files.door);
  let text = "";
  let failure: Error | undefined;
  let wake: () => void = () => undefined;
  socket.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    if (text.length > lineLimit) {
      failure ??= new Error("the guest says more than it should");
      socket.destroy();
    }
    wake();
  });
  const onEnd = (error?: Error) => {
    failure ??= error ?? new Error("QEMU has closed the door");
    wake();
  };
  socket.on("error", onEnd).on("close", () => {
    onEnd();
  });
  const nextLine = async (what: string, timeoutMs: number): Promise<string> => {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const end = text.indexOf("\n");
      if (end >= 0) {
        const line = text.slice(0, end);
        text = text.slice(end + 1);
        return line;
      }
      if (failure) throw failure;
      const left = deadline - Date.now();
      if (left <= 0) throw new TimeoutError(`the guest did not say ${what} within ${timeoutMs / 1000} s`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  };
  return {
    listen: async (schema, what, timeoutMs) => schema.parse(JSON.parse(await nextLine(what, timeoutMs))),
    say: (message) => {
      socket.write(`${JSON.stringify(message)}\n`);
    },
    close: () => {
      socket.destroy();
    },
  };
}

/** As long as it takes to stop whatever runs in the guest. */
const restMs = 60_000;

/**
 * Asks a clone to stop all that runs in it, as before it was saved the first time.
 * @throws with the guest's reason where it cannot
 */
export async function askToRest(folder: string): Promise<void> {
  const door = await openDoor(folder);
  try {
    door.say({ rest: true });
    const answer = await door.listen(frozenSchema.or(refusedSchema), "that it has come to rest", restMs);
    if ("error" in answer) throw new Error(`the guest: ${answer.error}`);
  } finally {
    door.close();
  }
}

const base64 = (content: string | Buffer) => Buffer.from(content).toString("base64");

/** All that makes a clone another machine than its siblings, as the guest's end takes it. */
export function identityMessage(hostname: string, identity: readonly IdentityFile[], now: number): unknown {
  const machineId = {
    path: "/etc/machine-id",
    mode: 0o444,
    user: "root",
    content: `${randomBytes(16).toString("hex")}\n`,
  };
  return {
    seed: base64(randomBytes(64)),
    time: now / 1000,
    hostname,
    bootId: base64(`${randomUUID()}\n`),
    files: [...identity, machineId].map((file) => ({ ...file, content: base64(file.content) })),
  };
}

export const frozenSchema = z.object({ frozen: z.array(z.string()) });
const refusedSchema = z.object({ error: z.string() });
export const becameSchema = z.object({ became: z.string() }).or(refusedSchema);
