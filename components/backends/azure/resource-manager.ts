import type { TokenCredential } from "@azure/core-auth";
import {
  bearerTokenAuthenticationPolicy,
  createDefaultHttpClient,
  createHttpHeaders,
  createPipelineFromOptions,
  createPipelineRequest,
  type HttpMethods,
  type PipelineResponse,
} from "@azure/core-rest-pipeline";
import { retryUntil, systemClock, type Clock } from "../../../lib/retry";
import type { TransportOptions } from "./clients";
import { bodyOf, hasStatus, refusalPolicy } from "./refusals";

const endpoint = "https://management.azure.com";

/** Calls of Resource Manager that @azure/arm-compute does not have: groups, addresses, permissions. */
export interface ResourceManager {
  /** @param path below the subscription, with the version of the API: `/resourcegroups?api-version=…`; or an absolute URL */
  get(path: string): Promise<unknown>;
  /** All pages of a list, following `nextLink`. */
  list(path: string): Promise<unknown[]>;
  /** What is at a signed address: nobody logs in for it. */
  download(url: string): Promise<string>;
  /** Returns when it is gone, also when it was. @param timeoutMs how long that may take */
  remove(path: string, timeoutMs: number): Promise<void>;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

/** How long to wait until asking again, in seconds as Resource Manager says it; undefined where it does not. */
function retryAfterMs({ headers }: PipelineResponse): number | undefined {
  const seconds = Number(headers.get("retry-after") ?? "");
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : undefined;
}

/** @param subscriptionId that paths are below */
export function resourceManager(
  subscriptionId: string,
  credential: TokenCredential,
  { httpClient = createDefaultHttpClient(), retryOptions, pollMs = 5000 }: TransportOptions & { retryOptions: object },
  clock: Clock = systemClock,
): ResourceManager {
  const open = createPipelineFromOptions({ retryOptions });
  open.addPolicy(refusalPolicy);
  const pipeline = open.clone();
  pipeline.addPolicy(bearerTokenAuthenticationPolicy({ credential, scopes: [`${endpoint}/.default`] }));

  async function send(method: HttpMethods, path: string): Promise<PipelineResponse> {
    const url = path.startsWith("https://") ? path : `${endpoint}/subscriptions/${subscriptionId}${path}`;
    if (!url.startsWith(`${endpoint}/`)) throw new Error(`a link that leads away from ${endpoint}: ${url}`);
    const request = createPipelineRequest({
      url,
      method,
      headers: createHttpHeaders({ accept: "application/json" }),
    });
    return pipeline.sendRequest(httpClient, request);
  }

  const get = async (path: string) => bodyOf(await send("GET", path));

  return {
    get,

    async download(url) {
      if (!url.startsWith("https://")) throw new Error("a signed address that is not https");
      return (await open.sendRequest(httpClient, createPipelineRequest({ url }))).bodyAsText ?? "";
    },

    async list(path) {
      const all: unknown[] = [];
      for (let next: string | undefined = path; next;) {
        const page: unknown = await get(next);
        if (!isRecord(page)) throw new Error(`a list that is none, from ${next}`);
        if (Array.isArray(page["value"])) all.push(...(page["value"] as unknown[]));
        next = typeof page["nextLink"] === "string" ? page["nextLink"] : undefined;
      }
      return all;
    },

    /** Long operations: learn.microsoft.com/azure/azure-resource-manager/management/async-operations. */
    async remove(path, timeoutMs) {
      const gone = { status: 404 } as const;
      const sent = async (method: HttpMethods, where: string) => {
        try {
          return await send(method, where);
        } catch (error) {
          if (hasStatus(error, 404)) return gone;
          throw error;
        }
      };
      const first = await sent("DELETE", path);
      if (first.status !== 202) return;
      const location = first.headers.get("location");
      if (!location) throw new Error("an operation was accepted, and where to ask for it was not said");
      await retryUntil(
        {
          what: `the end of DELETE ${path.split("?")[0]}`,
          timeoutMs,
          intervalMs: retryAfterMs(first) ?? pollMs,
          attempt: async () => ((await sent("GET", location)).status === 202 ? undefined : true),
        },
        clock,
      );
    },
  };
}
