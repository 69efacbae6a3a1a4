import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createDefaultHttpClient, type HttpClient } from "@azure/core-rest-pipeline";
import { managementHost, refusal, type ArmRequest, type ArmResponse } from "./http";
import { routeOf, type Paging } from "./routes";
import { ArmState } from "./state";

/** Answers some requests in another way, in place of what would be answered, or after it was done. */
export interface Fault {
  /** Of `METHOD path`. */
  readonly match: RegExp;
  times: number;
  readonly answer: ArmResponse;
  /** Whether the request is carried out, and only its answer is lost. @default false */
  readonly afterwards?: boolean;
}

export interface FakeArmOptions extends Partial<Paging> {
  readonly subscriptionId: string;
  /** @default 2 */
  readonly pollsPerOperation?: number;
  /** Where what it holds is kept. @default in memory, nothing yet */
  readonly state?: ArmState;
  /** Told every action that a caller had to be allowed. */
  readonly onAction?: (action: string) => void;
  /** Stands between a request and its answer. @default nothing does */
  readonly interfere?: Interfere;
}

/**
 * What becomes of a request. @param answer carries it out
 * @returns the answer; cut: the connection ends without one; silence: there is none, ever
 */
export type Interfere = (request: ArmRequest, answer: () => ArmResponse) => Promise<ArmResponse | "cut" | "silence">;

export const token = "the-token";

/** A played Resource Manager, which listens on this host. What it does not know it refuses, and remembers. */
export class FakeArm {
  readonly state: ArmState;
  readonly faults: Fault[] = [];
  /** `METHOD path` of every request, in their order. */
  readonly requests: string[] = [];
  /** Requests that no route, or no parameter of a route, is there for. */
  readonly unknown: string[] = [];
  /** Actions that callers had to be allowed. */
  readonly actions = new Set<string>();
  private readonly paging: Paging;
  private readonly onAction: (action: string) => void;
  private readonly interfere: Interfere;
  private server: Server | undefined;

  constructor(options: FakeArmOptions) {
    const { subscriptionId, pollsPerOperation = 2, pageSize = 100, retryAfter = 0 } = options;
    this.state = options.state ?? new ArmState(subscriptionId, pollsPerOperation);
    this.paging = { pageSize, retryAfter };
    this.interfere = options.interfere ?? ((_request, answer) => Promise.resolve(answer()));
    this.onAction = options.onAction ?? (() => undefined);
  }

  async listen(): Promise<void> {
    const server = createServer((incoming, outgoing) => {
      const host = incoming.headers["x-original-host"];
      this.serve(incoming, outgoing, typeof host === "string" ? host : undefined);
    });
    this.server = server;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  }

  /** Answers one request. @param host that the client believes it speaks to */
  serve(incoming: IncomingMessage, outgoing: ServerResponse, host = managementHost): void {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const headers = incoming.headers as Record<string, string | undefined>;
      const url = new URL(incoming.url ?? "/", `https://${host}`);
      const { method = "" } = incoming;
      const path = decodeURI(url.pathname);
      const request = { method, host: url.host, path, query: url.searchParams, headers, body: Buffer.concat(chunks) };
      void this.reply(request, outgoing);
    });
  }

  async close(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((resolve) => this.server?.close(resolve));
  }

  /** The SDK's own transport, which is led here instead of to the host that it asks for. */
  httpClient(): HttpClient {
    const real = createDefaultHttpClient();
    return {
      sendRequest: (request) => {
        const url = new URL(request.url);
        if (url.protocol !== "https:") throw new Error(`not by https: ${request.url}`);
        request.headers.set("x-original-host", url.host);
        const { port } = this.server?.address() as AddressInfo;
        request.url = `http://127.0.0.1:${port}${url.pathname}${url.search}`;
        request.allowInsecureConnection = true;
        return real.sendRequest(request).finally(() => {
          request.url = url.href;
        });
      },
    };
  }

  private async reply(request: ArmRequest, outgoing: ServerResponse): Promise<void> {
    const found = await this.interfere(request, () => this.answer(request));
    if (found === "cut") outgoing.socket?.destroy();
    if (typeof found === "string") return;
    const { status, headers, body } = found;
    const isText = typeof body === "string";
    outgoing.writeHead(status, { "content-type": isText ? "text/plain" : "application/json", ...headers });
    outgoing.end(body === undefined ? "" : isText ? body : JSON.stringify(body));
  }

  private answer(request: ArmRequest): ArmResponse {
    const line = `${request.method} ${request.path}`;
    this.requests.push(line);
    const fault = this.faults.find(({ match, times }) => times > 0 && match.test(line));
    if (fault) fault.times -= 1;
    if (fault && !fault.afterwards) return fault.answer;
    const answer = this.route(request, line);
    return fault ? fault.answer : answer;
  }

  private route(request: ArmRequest, line: string): ArmResponse {
    const found = routeOf(request);
    if (!found) {
      this.unknown.push(line);
      return refusal(400, "FakeUnknownRoute", `nothing is played for ${line}`);
    }
    if (found.action && request.headers["authorization"] !== `Bearer ${token}`)
      return refusal(401, "InvalidAuthenticationToken", "The access token is invalid.");
    if (found.host) {
      if (found.action && !request.headers["x-ms-version"]) return { status: 400 };
    } else {
      if (!/^\d{4}-\d{2}-\d{2}$/.test(request.query.get("api-version") ?? ""))
        return refusal(400, "MissingApiVersionParameter", "The api-version query parameter is required.");
    }
    for (const key of request.query.keys())
      if (key !== "api-version" && !found.query?.includes(key)) {
        this.unknown.push(`${line}?${key}`);
        return refusal(400, "FakeUnknownParameter", `${key} is not played for ${line}`);
      }
    if (found.action) {
      this.actions.add(found.action);
      this.onAction(found.action);
    }
    return found.answer(request, this.state, found.path.exec(request.path)?.slice(1) ?? [], this.paging);
  }
}
