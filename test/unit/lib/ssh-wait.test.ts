import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import { patienceAfter, waitForSsh } from "../../../lib/ssh-wait";
import { TimeoutError } from "../../../lib/retry";
import { HostKeyMismatch } from "../../../lib/ssh-errors";
import { makeKeyPair, startSshServer } from "./ssh-server";

const host = makeKeyPair();
const user = makeKeyPair();
const closers: (() => unknown)[] = [];
const target = { address: "127.0.0.1", user: "kmvm", privateKey: user.privateKey, hostKey: host.publicKey };

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A port that treats each connection as told, by its number from 1 on. */
async function listen(onConnection: (number: number, socket: Socket) => void): Promise<number> {
  let count = 0;
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    closers.push(() => socket.destroy());
    onConnection(++count, socket);
  }).listen(0, "127.0.0.1");
  closers.push(() => server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  return (server.address() as AddressInfo).port;
}

describe("attempts to get into a machine", () => {
  test.each([
    ["that boots", 5_000, { untilAnother: 500, forWord: 15_000, forLogin: 30_000 }],
    ["that takes minutes", 240_000, { untilAnother: 5_000, forWord: 60_000, forLogin: 60_000 }],
  ])("%s: are as often and as patient as it is quick", (_what, waited, expected) => {
    expect(patienceAfter(waited)).toEqual(expected);
  });

  test("are never more than an overloaded guest can answer: a dozen or two at a time, later on", () => {
    for (let waited = 0; waited < 600_000; waited += 1000) {
      const { untilAnother, forWord } = patienceAfter(waited);
      expect(forWord / untilAnother).toBeLessThanOrEqual(30);
      if (waited > 60_000) expect(forWord / untilAnother).toBeLessThanOrEqual(12);
    }
  });
});

describe("waiting for a machine to let us in", () => {
  test("outlasts connections that are closed and ones that stay silent", async () => {
    const real = await startSshServer(host.privateKey, user, () => undefined);
    closers.push(real.close);
    const port = await listen((number, socket) => {
      if (number <= 3) socket.destroy();
      else if (number >= 5) {
        const onward = connect(real.port, "127.0.0.1");
        closers.push(() => onward.destroy());
        socket.pipe(onward).pipe(socket);
      }
    });
    const connection = await waitForSsh({ ...target, port, timeoutMs: 10_000 });
    connection.close();
  });

  test("goes on trying while many connections stay silent", async () => {
    const real = await startSshServer(host.privateKey, user, () => undefined);
    closers.push(real.close);
    const port = await listen((number, socket) => {
      if (number <= 6) return;
      const onward = connect(real.port, "127.0.0.1");
      closers.push(() => onward.destroy());
      socket.pipe(onward).pipe(socket);
    });
    // Less than the time after which a silent connection is given up.
    const connection = await waitForSsh({ ...target, port, timeoutMs: 12_000 });
    connection.close();
  }, 20_000);

  test("says what the last attempt came to when time is up", async () => {
    const port = await listen((_number, socket) => socket.destroy());
    const waiting = waitForSsh({ ...target, port, timeoutMs: 300 });
    await expect(waiting).rejects.toThrow(TimeoutError);
    await expect(waiting).rejects.toThrow(/no ssh on 127.0.0.1:\d+ within 0 s: .*(closed without a word|ECONNRESET)/);
  });

  test("does not repeat itself before a wrong host key", async () => {
    const real = await startSshServer(makeKeyPair().privateKey, user, () => undefined);
    closers.push(real.close);
    await expect(waitForSsh({ ...target, port: real.port, timeoutMs: 10_000 })).rejects.toThrow(HostKeyMismatch);
    expect(real.connections).toHaveLength(1);
  });

  test("ends at once with a private key that cannot be read", async () => {
    const real = await startSshServer(host.privateKey, user, () => undefined);
    closers.push(real.close);
    const privateKey = user.privateKey.slice(0, 100);
    const waiting = waitForSsh({ ...target, privateKey, port: real.port, timeoutMs: 10_000 });
    await expect(waiting).rejects.toThrow(/^the private key for .* cannot be read$/);
  });

  test("is given up when the signal says so", async () => {
    const port = await listen(() => undefined);
    const given = new AbortController();
    const reason = new Error("given up");
    const waiting = waitForSsh({ ...target, port, timeoutMs: 600_000, signal: given.signal });
    setTimeout(() => {
      given.abort(reason);
    }, 50);
    await expect(waiting).rejects.toBe(reason);
  });
});
