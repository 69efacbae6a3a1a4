import { expect, test } from "@jest/globals";
import { homedir } from "node:os";
import { join } from "node:path";
import { engineEnvironment } from "../../../lib/engine-env";
import { repositoryRoot } from "../../../lib/paths";
import { stateFolder } from "../../../lib/state-folder";

test.each([
  ["file:///var/states", "/var/states"],
  ["file:///var/states?no_tmp_dir=true", "/var/states"],
  ["file:///var/a%20b%25", "/var/a b%"],
  ["file://~", homedir()],
  ["file://~/states", join(homedir(), "states")],
  ["file://./states", join(repositoryRoot(), "states")],
  ["file://states", join(repositoryRoot(), "states")],
  ["https://api.pulumi.com", undefined],
  ["s3://states", undefined],
  ["", undefined],
])("the state at %j is in the folder %j", (url, folder) => {
  expect(stateFolder(url)).toBe(folder);
});

test.each(["/checkout", "/pull requests/feature%2Fkm", "/a?b#c"])("that of the checkout %s is in it", (root) => {
  const { env } = engineEnvironment(root, "/home", {});
  expect(stateFolder(env["PULUMI_BACKEND_URL"] ?? "")).toBe(`${root}/.kmvm/state`);
});
