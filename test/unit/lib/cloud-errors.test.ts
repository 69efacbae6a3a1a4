import { describe, expect, test } from "@jest/globals";
import { classify, cloudUserError, type ErrorRule } from "../../../lib/cloud-errors";
import { ExitCode } from "../../../lib/errors";

const rules: readonly ErrorRule[] = [
  { code: /^OperationNotAllowed$/, text: /quota/i, kind: "quota", hint: "wait" },
  { code: /^OperationNotAllowed$/, kind: "settings", hint: "change" },
  { text: /timed out/, kind: "transient", hint: "again" },
];

describe("a refusal of a provider", () => {
  test("is what the first fitting rule says: code and text where the rule has both", () => {
    expect(classify(rules, { codes: ["OperationNotAllowed"], text: "exceeds the quota" }).kind).toBe("quota");
    expect(classify(rules, { codes: ["OperationNotAllowed"], text: "the disk is attached" }).kind).toBe("settings");
    expect(classify(rules, { codes: [], text: "the call timed out" })).toMatchObject({
      kind: "transient",
      hint: "again",
    });
  });

  test("is found by a code inside another", () => {
    const failure = { codes: ["DeploymentFailed", "OperationNotAllowed"], text: "over quota" };
    expect(classify(rules, failure)).toMatchObject({ kind: "quota", message: "OperationNotAllowed: over quota" });
  });

  test("that no rule knows is a bug, with all that is known of it", () => {
    expect(classify(rules, { codes: ["Outer", "Strange"], text: "no idea" })).toMatchObject({
      kind: "bug",
      message: "Strange: no idea",
    });
  });

  test("does not say its code twice", () => {
    const text = "An error (OperationNotAllowed): over quota";
    expect(classify(rules, { codes: ["OperationNotAllowed"], text }).message).toBe(text);
  });

  test.each([
    ["quota", ExitCode.Infrastructure],
    ["credentials", ExitCode.Usage],
  ] as const)("of kind %s ends a verb with code %d", (kind, exitCode) => {
    const error = cloudUserError("could not list", { kind, message: "m", hint: "h" });
    expect(error).toMatchObject({ exitCode, hint: "h", message: `could not list: ${kind}: m` });
  });
});
