import { azureClients } from "../../../components/backends/azure/clients";
import { facetsOver } from "../../../components/backends/azure/facets";
import type { Facets } from "../../../components/backends/facets";
import { own } from "./account";
import { FakeArm, token } from "./server";

export const credential = {
  getToken: () => Promise.resolve({ token, expiresOnTimestamp: Date.now() + 3_600_000 }),
};

/** A played account, and what verbs can do with it. */
export interface Account {
  readonly arm: FakeArm;
  readonly facets: Facets;
}

/** Empty; it answers once `arm.listen()` has been called, until `arm.close()`. */
export function openAccount(): Account {
  const arm = new FakeArm({ subscriptionId: own.subscriptionId });
  const transport = {
    httpClient: {
      sendRequest: (request: Parameters<ReturnType<FakeArm["httpClient"]>["sendRequest"]>[0]) =>
        arm.httpClient().sendRequest(request),
    },
    retryOptions: { maxRetries: 3, retryDelayInMs: 1, maxRetryDelayInMs: 5 },
    pollMs: 1,
  };
  const clients = azureClients(own, credential, transport);
  return { arm, facets: facetsOver(own, () => Promise.resolve({ clients, credential, pollMs: 1 })) };
}
