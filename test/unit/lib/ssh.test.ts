import { createServer, type AddressInfo, type Socket } from "node:net";
import { PassThrough, Readable, Writable } from "node:stream";
import { afterEach, describe, expect, test } from "@jest/globals";
import type { ConnectOptions, SshConnection } from "../../../lib/ssh";
import { connectSsh } from "../../support/connect-ssh";
import { ConnectionLost, HostKeyMismatch, LoginRefused } from "../../../lib/ssh-errors";
import { makeKeyPair, startSshServer, type TestSshServer } from "./ssh-server";

const host = makeKeyPair();
const user = makeKeyPair();
const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

type OnExec = Parameters<typeof startSshServer>[2];

async function serve(onExec: OnExec, hostKey = host.privateKey): Promise<TestSshServer> {
  const server = await startSshServer(hostKey, user, onExec);
  closers.push(() => {
    server.close();
  });
  return server;
}

async function connect(server: { port: number }, options: Partial<ConnectOptions> = {}): Promise<SshConnection> {
  const connection = await connectSsh({
    address: "127.0.0.1",
    port: server.port,
    user: "kmvm",
    privateKey: user.privateKey,
    hostKey: host.publicKey,
    timeoutMs: 5000,
    ...options,
  });
  closers.push(() => {
    connection.close();
  });
  return connection;
}

const echo: OnExec = (command, channel) => {
  channel.stderr.write(`ran ${command}`);
  channel.pipe(channel, { end: false });
  channel.on("end", () => {
    channel.exit(7);
    channel.end();
  });
};

describe("a command over ssh", () => {
  test("gets its input and gives output, errors and exit code", async () => {
    const connection = await connect(await serve(echo));
    expect(await connection.exec("cat", { stdin: "hello" })).toEqual({ code: 7, stdout: "hello", stderr: "ran cat" });
  });

  test("moves megabytes from a stream to a stream that is slow", async () => {
    const connection = await connect(await serve(echo));
    const sent = Buffer.alloc(5_000_000, "0123456789\n");
    const got: Buffer[] = [];
    const slow = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        got.push(chunk);
        setImmediate(done);
      },
    });
    await connection.exec("cat", { stdin: Readable.from([sent]), stdout: slow });
    expect(Buffer.concat(got).equals(sent)).toBe(true);
  });

  test("that a signal ended has the exit code that shells give it", async () => {
    const server = await serve((_command, channel) => {
      channel.exit("KILL", false, "");
      channel.end();
    });
    expect((await (await connect(server)).exec("x")).code).toBe(137);
  });

  test("is lost, not failed, when the connection goes without an exit code", async () => {
    const server = await serve((_command, channel, connection) => {
      channel.write("some");
      setTimeout(() => connection.end(), 20);
    });
    const connection = await connect(server);
    await expect(connection.exec("x")).rejects.toThrow(ConnectionLost);
    await connection.ended;
    await expect(connection.exec("again")).rejects.toThrow(ConnectionLost);
  });

  test("that is lost says of what", async () => {
    const server = await serve((_command, channel, connection) => {
      channel.write("some");
      setTimeout(() => (connection as unknown as { _sock: Socket })._sock.resetAndDestroy(), 20);
    });
    const connection = await connect(server);
    await expect(connection.exec("x")).rejects.toThrow(/ended.*: .*ECONNRESET/);
  });

  test("is given up when the signal says so", async () => {
    const connection = await connect(await serve(() => undefined));
    const controller = new AbortController();
    const running = connection.exec("sleep", { signal: controller.signal });
    setTimeout(() => {
      controller.abort(new Error("enough"));
    }, 20);
    await expect(running).rejects.toThrow("enough");
  });

  test("ends when its output cannot be written", async () => {
    const connection = await connect(
      await serve((_command, channel) => {
        channel.write("some");
      }),
    );
    const full = new Writable({
      write: (_chunk, _encoding, done) => {
        done(new Error("no space left"));
      },
    });
    await expect(connection.exec("x", { stdout: full })).rejects.toThrow("no space left");
  });

  test("ends when its input breaks", async () => {
    const connection = await connect(await serve(() => undefined));
    const stdin = new PassThrough();
    setTimeout(() => stdin.destroy(new Error("file vanished")), 20);
    await expect(connection.exec("x", { stdin })).rejects.toThrow("file vanished");
  });
});

describe("logging in", () => {
  test("another host key is refused, with both fingerprints", async () => {
    const other = makeKeyPair();
    const attempt = connect(await serve(echo, other.privateKey));
    await expect(attempt).rejects.toThrow(HostKeyMismatch);
    await expect(attempt).rejects.toThrow(/presents the host key SHA256:\S{43}, but SHA256:\S{43} was made for it/);
  });

  test("a key that is not let in is refused, not lost", async () => {
    await expect(connect(await serve(echo), { privateKey: makeKeyPair().privateKey })).rejects.toThrow(LoginRefused);
  });

  test("a port that nobody listens on is a lost connection", async () => {
    await expect(connect({ port: 1 })).rejects.toThrow(ConnectionLost);
  });

  test("a server that accepts and says nothing is given up in time", async () => {
    const mute = createServer().listen(0, "127.0.0.1");
    closers.push(() => mute.close());
    await new Promise((resolve) => mute.once("listening", resolve));
    const attempt = connect({ port: (mute.address() as AddressInfo).port }, { timeoutMs: 100 });
    await expect(attempt).rejects.toThrow("silent for 0.1 s");
  });

  test("answers are heard, so that a quiet connection can be told from a dead one", async () => {
    const connection = await connect(await serve(echo));
    const before = connection.lastHeardAt();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await connection.exec("cat");
    expect(connection.lastHeardAt()).toBeGreaterThan(before);
  });
});
