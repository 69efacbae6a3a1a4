import { computeRoutes } from "./compute";
import { galleryRoutes } from "./galleries";
import { groupRoutes } from "./groups";
import { managementHost, type ArmRequest, type ArmResponse } from "./http";
import type { ArmState } from "./state";
import { storageRoutes } from "./storage";
import { subscriptionRoutes } from "./subscription";

export interface Route {
  readonly method: string;
  /** Of the whole path, without regard to case; groups are given to the answer. */
  readonly path: RegExp;
  /** Parameters that may be in the query, beside the API's version. */
  readonly query?: readonly string[];
  /** Host that it is on. @default the management one */
  readonly host?: RegExp;
  /** The action that the caller must be allowed; undefined: none, or not one of Resource Manager. */
  readonly action?: string;
  readonly answer: (request: ArmRequest, state: ArmState, parts: readonly string[], paging: Paging) => ArmResponse;
}

export interface Paging {
  /** Items in a page. */
  readonly pageSize: number;
  /** Seconds that answers ask to wait. */
  readonly retryAfter: number;
}

/** The end of an operation: by Location it is 202 until it is there, by Azure-AsyncOperation a body says how it stands. */
const pollRoute = (operations: string, action: string): Route => ({
  method: "GET",
  path: new RegExp(`^/subscriptions/[^/]+/${operations}/(\\d+)$`, "i"),
  query: ["monitor"],
  action,
  answer(request, state, [number], { retryAfter }) {
    const answer = state.poll(Number(number));
    if (answer === undefined) return { status: 404 };
    const running = answer === "running";
    const headers = { "retry-after": String(retryAfter) };
    if (!request.query.has("monitor")) {
      if (running) return { status: 200, headers, body: { status: "InProgress" } };
      const failed = answer.status >= 400;
      const { error } = (failed ? answer.body : {}) as { error?: unknown };
      return { status: 200, body: { status: failed ? "Failed" : "Succeeded", ...(failed ? { error } : {}) } };
    }
    if (!running) return answer;
    const location = `https://${request.host}${request.path}?${request.query.toString()}`;
    return { status: 202, headers: { ...headers, location } };
  },
});

const pollRoutes = [
  ...["operations", "capsOperations"].map((kind) =>
    pollRoute(`providers/Microsoft\\.Compute/locations/[^/]+/${kind}`, `Microsoft.Compute/locations/${kind}/read`),
  ),
  pollRoute("operationresults", "Microsoft.Resources/subscriptions/operationresults/read"),
];

/** Everything that is played. What is not in it is refused. */
const routes: readonly Route[] = [
  ...pollRoutes,
  ...subscriptionRoutes,
  ...groupRoutes,
  ...computeRoutes,
  ...galleryRoutes,
  ...storageRoutes,
];

export const routeOf = (request: ArmRequest): Route | undefined =>
  routes.find(
    ({ method, path, host }) =>
      method === request.method &&
      path.test(request.path) &&
      (host ? host.test(request.host) : request.host === managementHost),
  );
