import { describe, expect, test } from "@jest/globals";
import { parseStackName } from "../../../stacks/name";

describe("a stack name", () => {
  test("says kind, profile and id", () => {
    expect(parseStackName("test-ci-240")).toEqual({ full: "test-ci-240", kind: "test", profile: "ci", id: "240" });
  });

  test("may have an id with hyphens", () => {
    expect(parseStackName("vm-dev-my-own-1").id).toBe("my-own-1");
  });

  test.each([
    ["unknown kind", "tset-ci-1", /kind "tset" is not one of test, vm, l0/],
    ["unknown profile", "test-prod-1", /profile "prod" is not one of ci, dev/],
    ["no id", "test-ci", /id "" is not/],
    ["capital letters", "test-ci-PR1", /id "PR1" is not/],
    ["an id that is too long", `test-ci-${"a".repeat(32)}`, /1 to 31/],
    ["a path", "test-ci-../x", /id "..\/x" is not/],
  ])("with %s is refused and told what is allowed", (_what, name, message) => {
    expect(() => parseStackName(name)).toThrow(message);
  });

  test("that is wrong in every part is told of every part", () => {
    expect(() => parseStackName("a-b-C")).toThrow(/kind "a".*profile "b".*id "C"/);
  });
});
