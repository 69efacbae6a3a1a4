import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { CliContext } from "../../../cli/context";
import { keepLastWords } from "../../../cli/last-words";
import type { FoundMachine } from "../../../cli/stack-machines";

let root: string;
let told: string[];
const kept = () => join(root, "runs", "vm-dev-half", "console.log");

/** @param text what the console says, or why it cannot be had */
const keep = (text: string | Error) => {
  const console = { text: () => (text instanceof Error ? Promise.reject(text) : Promise.resolve(text)) };
  const terminal = {
    step: (name: string, what: string) => told.push(`${name}: ${what}`),
    warn: (what: string) => told.push(`warning: ${what}`),
  };
  const machine = { facets: { console }, machine: { id: "m-1" } } as unknown as FoundMachine;
  return keepLastWords({ root, terminal } as unknown as CliContext, "vm-dev-half", machine);
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "kmvm-words-"));
  told = [];
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

describe("the console of a machine that could not be made whole", () => {
  test("is kept, and it is said where", async () => {
    await keep("Linux version 6.1\nKernel panic\n");
    expect(readFileSync(kept(), "utf8")).toBe("Linux version 6.1\nKernel panic\n");
    expect(told).toEqual(["console: runs/vm-dev-half/console.log"]);
  });

  test("is kept as to its end, however much a guest has written", async () => {
    await keep(`${"x".repeat(3_000_000)}Kernel panic`);
    expect(readFileSync(kept(), "utf8")).toMatch(/^x{999988}Kernel panic$/);
  });

  test("that says nothing leaves nothing", async () => {
    await keep("\n");
    expect([existsSync(kept()), told]).toEqual([false, []]);
  });

  test("that cannot be had is a warning: the machine is to be removed all the same", async () => {
    await keep(new Error("no boot diagnostics"));
    expect(told).toEqual(["warning: the console of m-1 could not be kept: no boot diagnostics"]);
  });
});
