import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { neededMiB } from "../../../provider/qemu/memory";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "memory-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Memory of `size` MiB of which `used` MiB are not holes. */
function savedMemory(size: number, used: number): string {
  const path = join(folder, `memory-${size}-${used}`);
  writeFileSync(path, Buffer.alloc(used * 1024 * 1024, 1));
  truncateSync(path, size * 1024 * 1024);
  return path;
}

test("a machine that boots needs all of its memory", async () => {
  expect(await neededMiB(2048, undefined)).toBe(2048);
});

test("a clone needs what the saved guest had in use, and QEMU itself", async () => {
  const needed = await neededMiB(2048, savedMemory(2048, 20));
  expect(needed).toBeGreaterThanOrEqual(320);
  expect(needed).toBeLessThan(330);
});

test("a clone needs no more than one that boots", async () => {
  expect(await neededMiB(256, savedMemory(256, 20))).toBe(256);
});
