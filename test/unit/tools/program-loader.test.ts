import { spawnSync } from "node:child_process";
import { describe, expect, test } from "@jest/globals";
import { repositoryRoot } from "../../../lib/paths";

/** Runs code in a process that the engine's host would run the program in. */
function inProgram(code: string): string {
  const args = ["--require", "./tools/program-loader.cjs", "-e", code];
  const { stdout, stderr } = spawnSync("node", args, { cwd: repositoryRoot(), encoding: "utf8" });
  return stdout + stderr;
}

describe("the SDK in the process of a program", () => {
  test("comes without what only serialized functions need", () => {
    const loaded = inProgram(`require("@pulumi/pulumi"); console.log(Object.keys(require.cache).join("\\n"))`);
    expect(loaded).toContain("@pulumi/pulumi/index.js");
    expect(loaded).not.toMatch(/node_modules\/(@npmcli\/arborist|pacote|typescript)\//);
  });

  test("says so where a program wants to serialize one", () => {
    const wanted = `require("@pulumi/pulumi").runtime.serializeFunction(() => 1).catch(({ message }) => console.log(message))`;
    expect(inProgram(wanted)).toContain("the TypeScript compiler is not part of the bundles of kmvm");
  });

  test("is taken out of nobody else's hands", () => {
    expect(inProgram(`console.log(typeof require("typescript").createProgram)`)).toBe("function\n");
  });
});
