import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createServer as createTcpServer, type AddressInfo } from "node:net";
import { arch } from "node:os";
import { join } from "node:path";
import { setupCheckout, type SetupCheckout } from "../../support/setup-checkout";

const archiveName = `pulumi-v3.246.0-linux-${arch()}.tar.gz`;

describe("the official engine, from a server that plays the official one", () => {
  let checkout: SetupCheckout;
  let server: Server;
  let files: Record<string, Buffer | string>;
  let asked: string[];

  const portOf = (address: AddressInfo | string | null): number =>
    typeof address === "object" && address ? address.port : -1;
  const env = () => ({ KMVM_PULUMI_DOWNLOADS: `http://127.0.0.1:${portOf(server.address())}` });

  /** A release whose engine answers, and notes that it installs plugins. */
  const release = (): Buffer => {
    const folder = join(checkout.folder, "release");
    checkout.program(
      join(folder, "pulumi", "pulumi"),
      `#!/bin/sh
[ "$1" = version ] && echo v3.246.0 && exit
plugin=$PULUMI_HOME/plugins/resource-command-v$5
[ "$1 $2 $3 $4" = "plugin install resource command" ] && mkdir -p "$plugin" && cp "$0" "$plugin/pulumi-resource-command"
`,
    );
    checkout.program(join(folder, "pulumi", "pulumi-language-nodejs"), "#!/bin/sh\n");
    mkdirSync(folder, { recursive: true });
    execFileSync("tar", ["-czf", join(folder, "a.tar.gz"), "-C", folder, "pulumi"]);
    return readFileSync(join(folder, "a.tar.gz"));
  };

  beforeEach(async () => {
    checkout = setupCheckout();
    files = {};
    asked = [];
    server = createServer((request, response) => {
      asked.push(request.url ?? "");
      const file = files[request.url ?? ""];
      response.writeHead(file === undefined ? 404 : 200).end(file);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const archive = release();
    files[`/sdk/${archiveName}`] = archive;
    files["/sdk/pulumi-3.246.0-checksums.txt"] =
      `${createHash("sha256").update(archive).digest("hex")}  ${archiveName}\n${"0".repeat(64)}  another.tar.gz\n`;
  });
  afterEach(async () => {
    await new Promise((resolve) => server.close(resolve));
    checkout.remove();
  });

  test("is taken whole, with its language host, and nothing is built", async () => {
    const { code, text } = await checkout.run(env(), ["engine"]);
    expect({ code, text }).toMatchObject({ code: 0 });
    expect(checkout.calls("go")).toBe(0);
    expect(readdirSync(join(checkout.engine, "..")).sort()).toEqual(["pulumi", "pulumi-language-nodejs"]);
    expect(existsSync(join(checkout.engine, "..", "..", "kit"))).toBe(false);
  }, 30_000);

  test("installs the real command plugin where that can be had", async () => {
    files["/plugins/pulumi-resource-command-v1.2.1-linux-amd64.tar.gz"] = "x";
    files["/plugins/pulumi-resource-command-v1.2.1-linux-arm64.tar.gz"] = "x";
    const { code } = await checkout.run(env(), ["engine", "command-plugin"]);
    expect(code).toBe(0);
    const plugin = join(checkout.home, "pulumi", "plugins", "resource-command-v1.2.1");
    expect(readdirSync(plugin)).toEqual(["pulumi-resource-command"]);
    expect((await checkout.run(env(), ["engine", "command-plugin"])).text).toBe("");
  }, 30_000);

  test("takes the stand-in where the real plugin cannot be had, and looks again beside another engine", async () => {
    expect((await checkout.run(env(), ["engine", "command-plugin"])).code).toBe(0);
    const plugin = join(checkout.home, "pulumi", "plugins", "resource-command-v1.2.1");
    expect(readdirSync(plugin).sort()).toEqual(["pulumi-resource-command", "stand-in"]);
    const before = asked.length;
    expect((await checkout.run(env(), ["engine", "command-plugin"])).text).toBe("");
    expect(asked).toHaveLength(before);
  }, 30_000);

  test("is refused when its checksum is not the published one", async () => {
    files[`/sdk/${archiveName}`] = "something else";
    const { code, text } = await checkout.run(env(), ["engine"]);
    expect(code).not.toBe(0);
    expect(text).toContain("is not the published one");
    expect(existsSync(checkout.engine)).toBe(false);
    expect(checkout.calls("go")).toBe(0);
  }, 30_000);

  test("is given up within 10 seconds when the server takes the connection and never answers", async () => {
    const silent = createTcpServer();
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const sockets = new Set<{ destroy(): void }>();
    silent.on("connection", (socket) => sockets.add(socket));
    const { code, text, seconds } = await checkout.run(
      { KMVM_PULUMI_DOWNLOADS: `http://127.0.0.1:${portOf(silent.address())}`, FAKE_SECONDS: "0" },
      ["engine"],
    );
    sockets.forEach((socket) => {
      socket.destroy();
    });
    silent.close();
    expect({ code, text }).toMatchObject({ code: 0 });
    expect(text).toContain("no official download here");
    expect(seconds).toBeLessThan(13);
    expect(checkout.calls("go")).toBe(1);
  }, 30_000);
});
