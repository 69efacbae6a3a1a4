import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isHeld, leasedStacks, readLease, releaseLease, takeLease, type LeasedWork } from "../../../cli/lease";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "lease-"));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

const leave = (work: LeasedWork) => {
  mkdirSync(join(root, ".kmvm", "leases"), { recursive: true });
  const lease = { ...work, pid: process.pid, startTime: 1, since: "2026" };
  writeFileSync(join(root, ".kmvm", "leases", "test-ci-1.json"), JSON.stringify(lease));
};

test("who holds a stack is told to the second one", async () => {
  await takeLease(root, "test-ci-1", { command: "kmvm test --id 1" });
  await expect(takeLease(root, "test-ci-1", { command: "other" })).rejects.toThrow(
    new RegExp(`test-ci-1 is in use: \`kmvm test --id 1\`, process ${process.pid}, since 20`),
  );
  releaseLease(root, "test-ci-1");
  await expect(takeLease(root, "test-ci-1", { command: "other" })).resolves.toBeUndefined();
});

test("another stack is free", async () => {
  await takeLease(root, "test-ci-1", { command: "a" });
  await expect(takeLease(root, "test-ci-2", { command: "b" })).resolves.toBeUndefined();
  expect(leasedStacks(root)).toEqual(["test-ci-1.json", "test-ci-2.json"].map((name) => name.slice(0, -5)));
});

test("one of two that ask at once gets a stack that a dead process held", async () => {
  leave({ command: "kmvm test --id 1" });
  const both = await Promise.allSettled([
    takeLease(root, "test-ci-1", { command: "a" }),
    takeLease(root, "test-ci-1", { command: "b" }),
  ]);
  expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
});

test("a lease of an earlier process with the same number is not held, and is handed over", async () => {
  leave({ command: "kmvm test --id 1" });
  const lease = readLease(root, "test-ci-1");
  expect(lease && isHeld(lease)).toBe(false);
  expect(await takeLease(root, "test-ci-1", { command: "next" })).toMatchObject({ command: "kmvm test --id 1" });
});

test("a killed command that can be done again has left nothing half done", async () => {
  leave({ command: "kmvm vm stop test-ci-1", repeatable: true });
  expect(await takeLease(root, "test-ci-1", { command: "next", repeatable: true })).toBeUndefined();
  expect(readLease(root, "test-ci-1")).toMatchObject({ command: "next", repeatable: true });
});

test("a lease that was not written whole is nobody's", () => {
  leave({ command: "x" });
  writeFileSync(join(root, ".kmvm", "leases", "test-ci-1.json"), '{"pid":');
  const lease = readLease(root, "test-ci-1");
  expect(lease && isHeld(lease)).toBe(false);
});
