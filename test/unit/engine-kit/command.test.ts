import { describe, expect, test } from "@jest/globals";
import { containsSecret, markSecrets, openSecrets } from "../../../plugin/secrets";
import { unknownValue } from "../../../plugin/values";
import { command } from "../../../tools/engine/command/command";
import { inputProblems } from "../../../tools/engine/command/inputs";
import { Tail } from "../../../tools/engine/command/tail";
import { shellExports, shellWord } from "../../../tools/engine/environment/shell";

describe("inputs of the command stand-in", () => {
  test("are right when known, and when not known yet", () => {
    expect(inputProblems({ create: "true", triggers: [1, unknownValue], environment: { A: unknownValue } })).toEqual(
      [],
    );
    expect(inputProblems({ triggers: unknownValue, environment: unknownValue, logging: unknownValue })).toEqual([]);
  });

  test("are refused one by one", () => {
    const problems = inputProblems({ create: 1, logging: "loud", assetPaths: [], archivePaths: [] });
    expect(problems.map(({ property }) => property).sort()).toEqual([
      "archivePaths",
      "assetPaths",
      "create",
      "logging",
    ]);
  });

  test("replace when a trigger changes, and update when anything else does", () => {
    const olds = { create: "a", triggers: [1], environment: { A: "1" } };
    expect(command.diff?.(olds, { ...olds, triggers: [2] }, {})).toMatchObject({ replaces: ["triggers"], updates: [] });
    expect(command.diff?.(olds, { create: "b", triggers: [1] }, {})).toMatchObject({
      replaces: [],
      updates: ["create", "environment"],
    });
    expect(command.diff?.(olds, { ...olds }, {})).toMatchObject({ replaces: [], updates: [] });
  });
});

describe("secret marks", () => {
  const marked = markSecrets({ a: "x", b: { c: "y" } }, (name) => name === "a");

  test("are found at any depth and taken off", () => {
    expect(containsSecret({ list: [{ deep: marked }] })).toBe(true);
    expect(containsSecret({ a: "x" })).toBe(false);
    expect(openSecrets({ list: [marked] })).toEqual({ list: [{ a: "x", b: { c: "y" } }] });
  });

  test("are put only where they belong", () => {
    expect(marked["b"]).toEqual({ c: "y" });
    expect(marked["a"]).not.toBe("x");
  });
});

test("the tail of output is its end, and says that something is missing", () => {
  const tail = new Tail(4);
  tail.push(Buffer.from("abc"));
  expect(tail.text()).toBe("abc");
  tail.push(Buffer.from("def"));
  expect(tail.text()).toBe("[…]cdef");
});

test("words of the shell hold anything", () => {
  expect(shellWord("it's $(x)")).toBe(`'it'\\''s $(x)'`);
  expect(shellExports({ A: "1 2" })).toBe("export A='1 2'\n");
});
