import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect } from "@jest/globals";
import { missing } from "../../../components/backends/azure/permissions";
import { repositoryRoot } from "../../../lib/paths";
import { openAccount, type Account } from "./open-account";

export const readRole = (file: string) =>
  JSON.parse(readFileSync(join(repositoryRoot(), "docs", file), "utf8")) as {
    Actions: string[];
    DataActions: string[];
  };

/** The roles that docs/azure.md tells people to give: for tests, of the identities these use, and for publishing. */
export const roles = {
  user: readRole("azure-role.json"),
  identity: readRole("azure-identity-role.json"),
  publisher: readRole("azure-publish-role.json"),
};
const grants = Object.values(roles).map(({ Actions, DataActions }) => ({ actions: Actions, dataActions: DataActions }));

/**
 * A played account for each test of a file, and what verbs can do with it. After each, whatever the verbs have asked is
 * what the real one is known to answer, and the roles allow it.
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
    expect(missing(needed, grants)).toEqual([]);
  });
}
