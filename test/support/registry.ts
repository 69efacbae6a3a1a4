import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { retryUntil } from "../../lib/retry";

/** A container registry on this host's loopback: Debian's docker-registry, with a user and a password. */
export interface Registry {
  readonly port: number;
  /** Puts an image of one small file there. */
  push(repository: string, tag: string): Promise<void>;
  stop(): Promise<void>;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === "object") resolve(address.port);
        else reject(new Error("no port"));
      });
    });
  });
}

/** bcrypt, which is all that the registry takes, by the C library: see crypt(5). */
function bcrypt(password: string): string {
  const { stdout } = spawnSync("perl", ["-e", "print crypt(<STDIN> =~ s/\\n//r, q($2b$05$abcdefghijklmnopqrstuu))"], {
    input: `${password}\n`,
    encoding: "utf8",
  });
  return stdout;
}

const digestOf = (bytes: Buffer) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

async function layer(): Promise<{ plain: Buffer; packed: Buffer }> {
  const tar = pack();
  tar.entry({ name: "hello" }, "hello\n");
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(Buffer.from(chunk as Uint8Array));
  const plain = Buffer.concat(chunks);
  return { plain, packed: gzipSync(plain) };
}

export async function startRegistry(user: string, password: string): Promise<Registry> {
  const folder = mkdtempSync(join(tmpdir(), "kmvm-registry-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/v2`;
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  writeFileSync(join(folder, "htpasswd"), `${user}:${bcrypt(password)}\n`);
  writeFileSync(
    join(folder, "config.yml"),
    `version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: ${folder}/data}}
http: {addr: "127.0.0.1:${port}"}
auth: {htpasswd: {realm: test, path: ${folder}/htpasswd}}
`,
  );
  const server: ChildProcess = spawn("docker-registry", ["serve", join(folder, "config.yml")], { stdio: "ignore" });
  const ended = new Promise<void>((resolve) =>
    server.on("exit", () => {
      resolve();
    }),
  );
  await retryUntil({
    what: "the registry to answer",
    timeoutMs: 20_000,
    attempt: () =>
      fetch(`${url}/`, { headers: { authorization } }).then(
        ({ status }) => (status === 200 ? true : undefined),
        () => undefined,
      ),
  });

  const upload = async (repository: string, bytes: Buffer): Promise<string> => {
    const digest = digestOf(bytes);
    const begun = await fetch(`${url}/${repository}/blobs/uploads/`, { method: "POST", headers: { authorization } });
    const location = new URL(begun.headers.get("location") ?? "", url);
    location.searchParams.set("digest", digest);
    const put = await fetch(location, { method: "PUT", headers: { authorization }, body: new Uint8Array(bytes) });
    if (put.status !== 201) throw new Error(`upload to the registry: ${put.status} ${await put.text()}`);
    return digest;
  };

  return {
    port,
    push: async (repository, tag) => {
      const { plain, packed } = await layer();
      const config = Buffer.from(
        JSON.stringify({
          architecture: "amd64",
          os: "linux",
          config: {},
          rootfs: { type: "layers", diff_ids: [digestOf(plain)] },
        }),
      );
      const mediaType = "application/vnd.docker.distribution.manifest.v2+json";
      const manifest = {
        schemaVersion: 2,
        mediaType,
        config: {
          mediaType: "application/vnd.docker.container.image.v1+json",
          size: config.length,
          digest: await upload(repository, config),
        },
        layers: [
          {
            mediaType: "application/vnd.docker.image.rootfs.diff.tar.gzip",
            size: packed.length,
            digest: await upload(repository, packed),
          },
        ],
      };
      const put = await fetch(`${url}/${repository}/manifests/${tag}`, {
        method: "PUT",
        headers: { authorization, "content-type": mediaType },
        body: JSON.stringify(manifest),
      });
      if (put.status !== 201) throw new Error(`push to the registry: ${put.status} ${await put.text()}`);
    },
    stop: async () => {
      server.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
