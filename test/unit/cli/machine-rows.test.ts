import { expect, test } from "@jest/globals";
import { machineLines, ownershipOf, type ListedMachine } from "../../../cli/machine-rows";
import { shortTime, table } from "../../../cli/table";

const machine: ListedMachine = {
  id: "vm-dev-1-abcd1234",
  stack: "vm-dev-1",
  runId: "abcd1234",
  state: "running",
  address: "127.2.3.4",
  imageVersion: "20261124.1",
  owner: "me@here",
  createdAt: "2026-11-24T10:00:00Z",
  expiresAt: "2026-11-24T14:00:00Z",
  backendHash: "ours",
  backend: "qemu",
  ownership: "owned",
};
const now = Date.parse("2026-11-24T12:30:00Z");

test("a machine is a line, with its age and the time that it has left", () => {
  expect(machineLines([machine], now)[1]).toBe("vm-dev-1  running  20261124.1  127.2.3.4  2 h  90 min      me@here");
});

test("where its machine is, is told as soon as one is elsewhere", () => {
  expect(machineLines([machine], now)[0]).not.toContain("BACKEND");
  const lines = machineLines([machine, { ...machine, backend: "aws" }], now);
  expect(lines.map((line) => line.split(/ {2,}/)[1])).toEqual(["BACKEND", "qemu", "aws"]);
});

test("an orphan and an expired machine are called so", () => {
  const [, line] = machineLines([{ ...machine, ownership: "orphan", expiresAt: "2026-11-24T12:00:00Z" }], now);
  expect(line).toMatch(/expired .* orphan$/);
});

test.each([
  ["listed by a stack of ours", "ours", new Set([machine.id]), false, "owned"],
  ["listed by none", "ours", new Set<string>(), false, "orphan"],
  ["not listed yet, by a stack that is worked on", "ours", new Set<string>(), true, "owned"],
  ["of another state", "theirs", new Set<string>(), false, "another state's"],
  ["of an unknown state", "", new Set<string>(), false, "another state's"],
  ["with our state out of reach", "ours", undefined, false, "unknown"],
] as const)("%s", (_, backendHash, owners, busy, expected) => {
  expect(ownershipOf({ ...machine, backendHash }, "ours", owners, busy)).toBe(expected);
});

test.each([
  [0, "0 s"],
  [119_000, "119 s"],
  [120_000, "2 min"],
  [7_199_000, "119 min"],
  [7_200_000, "2 h"],
  [200_000_000, "2 d"],
])("%d ms are %s", (milliseconds, expected) => {
  expect(shortTime(milliseconds)).toBe(expected);
});

test("columns without data are left out", () => {
  expect(
    table([
      ["A", "B", "C"],
      ["1", "", "3"],
      ["11", "", "33"],
    ]),
  ).toEqual(["A   C", "1   3", "11  33"]);
});
