import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect } from "@jest/globals";
import { missing, type roleDefinition } from "../../../components/backends/azure/permissions";
import { repositoryRoot } from "../../../lib/paths";
import { openAccount, type Account } from "./open-account";

/** The role that docs/azure.md tells people to give. */
export const role = JSON.parse(
  readFileSync(join(repositoryRoot(), "docs/azure-role.json"), "utf8"),
) as typeof roleDefinition;

/**
 * A played account for each test of a file, and what verbs can do with it. After each, whatever the verbs have asked is
 * what the real one is known to answer, and the role allows it.
 * @param give takes the account of the test that begins
 */
export function useAccount(give: (account: Account) => void): void {
  let account: Account;
  beforeEach(async () => {
    account = openAccount();
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
