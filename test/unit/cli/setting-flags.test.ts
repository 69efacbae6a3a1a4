import { expect, test } from "@jest/globals";
import { resolve } from "node:path";
import { configurationOf, flagSubject, newId, settingsHelp } from "../../../cli/setting-flags";
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

test.each([
  ["a flag", (kkmSource: string) => ({ kkmSource })],
  ["--set", (kkmSource: string) => ({ set: { kkmSource } })],
])("a directory of %s is relative to where the user is; a repository's URL stays", (_, given) => {
  const kept = (source: string) => configurationOf({ profile: "dev", ...given(source) })["kkmSource"];
  expect(kept("kkm")).toBe(resolve("kkm"));
  expect(kept("https://host/kkm")).toBe("https://host/kkm");
});

test.each([
  ["target", "give another --target"],
  ["maxCostUsd", "give another --max-cost"],
  ["vcpus", "give --set vcpus=…"],
  ["registryPassword", "set the environment variable SP_PASSWORD"],
])("what is wrong with %s is mended by what the command takes", (key, fix) => {
  expect(flagSubject("test-dev-1", ["target", "maxCostUsd"]).give(key)).toBe(fix);
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
