import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { withdrawStale } from "../../../runner/cancel";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cancel-"));
  file = join(folder, "cancel");
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const now = Date.now();
const written = (agoMs: number) => {
  writeFileSync(file, "");
  utimesSync(file, (now - agoMs) / 1000, (now - agoMs) / 1000);
};

describe("a request to cancel that is there when the runner starts", () => {
  test("is heard when it was made while the engine started the runner", () => {
    written(300);
    withdrawStale(file, now);
    expect(existsSync(file)).toBe(true);
  });

  test("is an earlier run's when it is old, and is removed", () => {
    written(60_000);
    withdrawStale(file, now);
    expect(existsSync(file)).toBe(false);
  });

  test("is mostly not there", () => {
    expect(() => {
      withdrawStale(file, now);
    }).not.toThrow();
  });
});
