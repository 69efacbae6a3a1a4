import { expect, test } from "@jest/globals";
import { asLocalArgument, planCopy } from "../../../cli/copy-plan";

test.each([
  ["a", "vm-dev-1:b/c", { direction: "up", stack: "vm-dev-1", remote: "b/c", local: "a" }],
  ["vm-dev-1:/var/log", "/tmp/x", { direction: "down", stack: "vm-dev-1", remote: "/var/log", local: "/tmp/x" }],
  ["vm-dev-1:", ".", { direction: "down", stack: "vm-dev-1", remote: ".", local: "." }],
  ["./a:b", "vm-dev-1:x", { direction: "up", stack: "vm-dev-1", remote: "x", local: "./a:b" }],
  ["vm-dev-1:a:b", "x", { direction: "down", stack: "vm-dev-1", remote: "a:b", local: "x" }],
])("%s to %s", (from, to, expected) => {
  expect(planCopy(from, to)).toEqual(expected);
});

test("exactly one side is a machine's", () => {
  expect(() => planCopy("a", "b")).toThrow("neither side is of a machine");
  expect(() => planCopy("x:a", "y:b")).toThrow("both sides are of a machine");
});

test("a path here is never taken for a host or a flag", () => {
  expect(["-oProxyCommand=x", "a:b", "/a"].map(asLocalArgument)).toEqual(["./-oProxyCommand=x", "./a:b", "/a"]);
});
