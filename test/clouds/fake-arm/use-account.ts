import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect } from "@jest/globals";
import { azureClients } from "../../../components/backends/azure/clients";
import { facetsOver } from "../../../components/backends/azure/facets";
import { missing, type roleDefinition } from "../../../components/backends/azure/permissions";
import type { Facets } from "../../../components/backends/facets";
import { repositoryRoot } from "../../../lib/paths";
import { own } from "./account";
import { FakeArm, token } from "./server";

export const credential = {
  getToken: () => Promise.resolve({ token, expiresOnTimestamp: Date.now() + 3_600_000 }),
};

/** The role that docs/azure.md tells people to give. */
export const role = JSON.parse(
  readFileSync(join(repositoryRoot(), "docs/azure-role.json"), "utf8"),
) as typeof roleDefinition;

export interface Account {
  readonly arm: FakeArm;
  readonly facets: Facets;
}

function open(): Account {
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

/**
 * A played account for each test of a file, and what verbs can do with it. After each, whatever the verbs have asked is
 * what the real one is known to answer, and the role allows it.
 * @param give takes the account of the test that begins
 */
export function useAccount(give: (account: Account) => void): void {
  let account: Account;
  beforeEach(async () => {
    account = open();
    give(account);
    await account.arm.listen();
  });
  afterEach(async () => {
    const { arm } = account;
    await arm.close();
    expect(arm.unknown).toEqual([]);
    const needed = [...arm.actions].map((action) => ({ action, why: "" }));
    expect(missing(needed, [{ actions: role.Actions, dataActions: role.DataActions }])).toEqual([]);
  });
}
