import { expect, test } from "@jest/globals";
import { resolve } from "node:path";
import { configurationOf, newId, settingsHelp } from "../../../cli/setting-flags";
import { parseStackName } from "../../../stacks/name";

test("flags become settings of the same name; what was not given is not set", () => {
  expect(configurationOf({ profile: "dev", id: "x", ttl: "2h", imageVersion: "ci-1" })).toEqual({
    ttl: "2h",
    imageVersion: "ci-1",
  });
});

test("what a cloud machine is, and what it may cost, are settings, too", () => {
  expect(configurationOf({ profile: "dev", size: "m8i.xlarge", spot: true, maxCost: "1.5" })).toEqual({
    size: "m8i.xlarge",
    spot: true,
    maxCostUsd: "1.5",
  });
});

test("--set sets any setting, and wins", () => {
  expect(configurationOf({ profile: "dev", ttl: "2h", set: { ttl: "3h", vcpus: "4" } })).toEqual({
    ttl: "3h",
    vcpus: "4",
  });
});

test.each([
  ["registryPassword", "SP_PASSWORD"],
  ["githubToken", "GITHUB_TOKEN"],
])("--set does not take the secret %s, and says how it is given", (key, variable) => {
  const set = () => configurationOf({ profile: "dev", set: { vcpus: "4", [key]: "canary" } });
  expect(set).toThrow(expect.objectContaining({ name: "UserError", hint: expect.stringContaining(variable) }));
  expect(set).toThrow(expect.objectContaining({ hint: expect.stringContaining(`--secret kmvm:${key}`) }));
  expect(set).not.toThrow(/canary/);
  expect(settingsHelp).not.toContain(key);
});

test("a directory is relative to where the user is; a repository's URL stays", () => {
  expect(configurationOf({ profile: "dev", kkmSource: "kkm" })["kkmSource"]).toBe(resolve("kkm"));
  expect(configurationOf({ profile: "dev", kkmSource: "https://host/kkm" })["kkmSource"]).toBe("https://host/kkm");
});

test.each(["samples/km-hello", "A Very_long name. of a directory that goes on", "---", "."])(
  "the id made from %s fits into a stack's name",
  (about) => {
    expect(parseStackName(`test-dev-${newId(about)}`).kind).toBe("test");
  },
);

test("two ids of the same directory differ", () => {
  expect(newId("a")).not.toBe(newId("a"));
});
