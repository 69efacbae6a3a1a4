import { expect, test } from "@jest/globals";
import { orphanedProgram, type SeenProcess } from "../../../cli/gc-processes";

const plugin: SeenProcess = {
  pid: 10,
  parent: 1,
  parentName: "init",
  argv: ["node", "/checkout/provider/pulumi-resource-kmvm", "127.0.0.1:1"],
  cwd: "/checkout",
  checkout: undefined,
};

test.each<[string, SeenProcess, string | undefined]>([
  ["a plugin whose engine is gone", plugin, "pulumi-resource-kmvm"],
  ["one that a session's manager took in", { ...plugin, parent: 900, parentName: "systemd" }, "pulumi-resource-kmvm"],
  ["one that has its engine", { ...plugin, parent: 900, parentName: "pulumi" }, undefined],
  ["another checkout's", { ...plugin, cwd: "/checkout2" }, undefined],
  [
    "one elsewhere that was started for this checkout",
    { ...plugin, cwd: "/", checkout: "/checkout" },
    "pulumi-resource-kmvm",
  ],
  ["a runner", { ...plugin, argv: ["node", "bin/kmvm-runner"] }, "kmvm-runner"],
  ["a daemon of someone else's that works here", { ...plugin, argv: ["node", "server.js"] }, undefined],
  [
    "an editor that shows a file of that name",
    { ...plugin, argv: ["vi", "a", "b", "c", "/checkout/bin/kmvm-runner"] },
    undefined,
  ],
])("%s", (_, seen, expected) => {
  expect(orphanedProgram("/checkout", seen)).toBe(expected);
});
