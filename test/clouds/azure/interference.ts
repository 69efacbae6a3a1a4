import { refusal } from "../fake-arm/http";
import { routeOf } from "../fake-arm/routes";
import type { Interfere } from "../fake-arm/server";
import { recordHit, takeFault } from "../lib/faults";
import type { Store } from "../lib/store";
import { refusals } from "./faults";

/**
 * Requests meet the faults that are scripted at their action, of storage with the part of the blob that it is about:
 * `Microsoft.Compute/galleries/images/versions/write`, `…/blobs/write?comp=page`.
 */
export const interference =
  (store: Store): Interfere =>
  async (request, answer) => {
    const action = routeOf(request)?.action;
    const part = request.query.get("comp");
    const at = `${action}${part === null ? "" : `?comp=${part}`}`;
    const kind = action === undefined ? undefined : await takeFault(store, at);
    switch (kind) {
      case undefined:
        return answer();
      case "fail":
      case "capacity":
      case "quota":
      case "throttled": {
        recordHit(store, kind, at);
        const { status, code, message } = refusals[kind];
        return refusal(status, code, message);
      }
      case "lost":
      case "slow":
      case "stuck-after":
        answer();
        recordHit(store, kind, at);
        return kind === "stuck-after" ? "silence" : "cut";
      case "stuck-before":
        recordHit(store, kind, at);
        return "silence";
    }
  };
