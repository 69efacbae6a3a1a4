import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { token, type FakeArm } from "./server";

const hosts = ["management.azure.com", "*.blob.core.windows.net"];

/** A certificate for the hosts that are played, which is its own authority. */
function makeCertificate(folder: string): { readonly key: Buffer; readonly cert: Buffer; readonly path: string } {
  const [key, path] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const names = hosts.map((host) => `DNS:${host}`).join(",");
  execFileSync(
    "openssl",
    [
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "2",
      "-subj",
      "/CN=played",
      "-keyout",
      key,
      "-out",
      path,
    ].concat(["-addext", `subjectAltName=${names}`]),
    { stdio: "ignore" },
  );
  return { key: readFileSync(key), cert: readFileSync(path), path };
}

const listen = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
};

/**
 * A way for other processes to a played Azure, with their own SDKs as they are: a proxy that leads every https host to
 * it, and a managed identity that gives its token. Both are asked for by environment variables that the SDK honours:
 * HTTPS_PROXY, and IDENTITY_ENDPOINT (learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference).
 */
export class Door {
  private readonly folder = mkdtempSync(join(tmpdir(), "kmvm-door-"));
  private readonly sockets = new Set<Socket>();
  private servers: Server[] = [];

  /** @returns the environment for processes that are to come through */
  async open(arm: FakeArm): Promise<Record<string, string>> {
    const { key, cert, path } = makeCertificate(this.folder);
    const tls = createTlsServer({ key, cert }, (incoming, outgoing) => {
      arm.serve(incoming, outgoing, incoming.headers.host);
    });
    const tlsPort = await listen(tls);
    const proxy = createServer();
    proxy.on("connect", (_request: IncomingMessage, client: Socket) => {
      const inner = connect(tlsPort, "127.0.0.1", () => {
        client.write("HTTP/1.1 200 Connection established\r\n\r\n");
        inner.pipe(client).pipe(inner);
      });
      for (const socket of [client, inner]) {
        this.sockets.add(socket);
        socket.on("error", () => socket.destroy());
      }
    });
    const identity = createServer((_request, response) => {
      const expires = Math.floor(Date.now() / 1000) + 3600;
      response.setHeader("content-type", "application/json");
      response.end(
        JSON.stringify({ access_token: token, token_type: "Bearer", expires_on: String(expires), resource: "" }),
      );
    });
    this.servers = [tls, proxy, identity];
    const [proxyPort, identityPort] = [await listen(proxy), await listen(identity)];
    return {
      HTTPS_PROXY: `http://127.0.0.1:${proxyPort}`,
      // The SDK takes that proxy for plain http, too.
      NO_PROXY: "127.0.0.1",
      NODE_EXTRA_CA_CERTS: path,
      IDENTITY_ENDPOINT: `http://127.0.0.1:${identityPort}/token`,
      IDENTITY_HEADER: "played",
    };
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    for (const server of this.servers) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
