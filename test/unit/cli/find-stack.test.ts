import { expect, test } from "@jest/globals";
import type { MachineSummary } from "../../../components/backends/facets";
import { matchStack, NoSuchStack } from "../../../cli/find-stack";

const machine = (id: string, stack: string): MachineSummary => ({
  id,
  stack,
  runId: "r",
  state: "running",
  address: undefined,
  imageVersion: undefined,
  owner: "o",
  createdAt: "",
  expiresAt: "",
  backendHash: "h",
});
const machines = [machine("test-ci-2-abcd1234", "test-ci-2"), machine("vm-dev-x-abcd1234", "vm-dev-x")];
const stacks = ["test-ci-1", "test-ci-10", "vm-dev-x"];

test.each([
  ["a stack's whole name, although another begins with it", "test-ci-1", "test-ci-1"],
  ["a stack that only its machine tells of", "test-ci-2", "test-ci-2"],
  ["a machine's name", "test-ci-2-abcd1234", "test-ci-2"],
  ["the beginning of one name", "vm", "vm-dev-x"],
  ["the beginning of a machine's name", "test-ci-2-ab", "test-ci-2"],
])("finds %s", (_, given, expected) => {
  expect(matchStack(given, stacks, machines)).toBe(expected);
});

test("says what an ambiguous beginning can mean", () => {
  expect(() => matchStack("test", stacks, machines)).toThrow('"test" can mean test-ci-1, test-ci-10, test-ci-2');
});

test("says what there is when nothing fits", () => {
  expect(() => matchStack("l0", stacks, [])).toThrow(NoSuchStack);
  expect(() => matchStack("l0", stacks, [])).toThrow(
    /no stack and no machine "l0"; there are test-ci-1, test-ci-10, vm-dev-x/,
  );
  expect(() => matchStack("l0", [], [])).toThrow(/there are none/);
});
