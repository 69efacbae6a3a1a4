import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isHeld, leasedStacks, leavesHalfDone, readLease, releaseLease, takeLease } from "../../../cli/lease";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "lease-"));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

const leave = (command: string) => {
  mkdirSync(join(root, ".kmvm", "leases"), { recursive: true });
  const lease = { pid: process.pid, startTime: 1, command, since: "2026" };
  writeFileSync(join(root, ".kmvm", "leases", "test-ci-1.json"), JSON.stringify(lease));
};

test("who holds a stack is told to the second one", async () => {
  await takeLease(root, "test-ci-1", "kmvm test --id 1");
  await expect(takeLease(root, "test-ci-1", "other")).rejects.toThrow(
    new RegExp(`test-ci-1 is in use: \`kmvm test --id 1\`, process ${process.pid}, since 20`),
  );
  releaseLease(root, "test-ci-1");
  await expect(takeLease(root, "test-ci-1", "other")).resolves.toBeUndefined();
});

test("another stack is free", async () => {
  await takeLease(root, "test-ci-1", "a");
  await expect(takeLease(root, "test-ci-2", "b")).resolves.toBeUndefined();
  expect(leasedStacks(root)).toEqual(["test-ci-1.json", "test-ci-2.json"].map((name) => name.slice(0, -5)));
});

test("one of two that ask at once gets a stack that a dead process held", async () => {
  leave("kmvm test --id 1");
  const both = await Promise.allSettled([takeLease(root, "test-ci-1", "a"), takeLease(root, "test-ci-1", "b")]);
  expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
});

test("a lease of an earlier process with the same number is not held, and is handed over", async () => {
  leave("kmvm test --id 1");
  const lease = readLease(root, "test-ci-1");
  expect(lease && isHeld(lease)).toBe(false);
  expect(await takeLease(root, "test-ci-1", "next")).toMatchObject({ command: "kmvm test --id 1" });
});

test("a killed command that only started, stopped or reset the machine leaves nothing half done", async () => {
  for (const verb of ["start", "stop", "reset"]) {
    leave(`kmvm vm ${verb} test-ci-1`);
    expect(await takeLease(root, "test-ci-1", "next")).toBeUndefined();
    releaseLease(root, "test-ci-1");
  }
  expect(
    ["kmvm test --id 1", "kmvm vm up --id 1", "kmvm gc", "unknown"].every((command) => leavesHalfDone({ command })),
  ).toBe(true);
});

test("a lease that was not written whole is nobody's", () => {
  leave("x");
  writeFileSync(join(root, ".kmvm", "leases", "test-ci-1.json"), '{"pid":');
  const lease = readLease(root, "test-ci-1");
  expect(lease && isHeld(lease)).toBe(false);
});
