import os from "node:os";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, jest, test } from "@jest/globals";
import { userName } from "../../../lib/user-name";
import { withBuildLock } from "../../../provider/images/lock";
import { smokeTags } from "../../../provider/images/smoke-machines";

const number = String(process.getuid?.());

beforeEach(() => {
  jest.spyOn(os, "userInfo").mockImplementation(() => {
    throw new Error("A system error occurred: uv_os_get_passwd returned ENOENT (no such file or directory)");
  });
});

afterEach(() => {
  jest.restoreAllMocks();
});

test("a user id without a name is told by its number", () => {
  expect(userName()).toBe(number);
});

test("images are built and tested by such a user, too", async () => {
  expect(smokeTags("L0-base@1", new Date()).owner).toMatch(new RegExp(`^${number}@`));
  const folder = mkdtempSync(join(os.tmpdir(), "kmvm-test-"));
  try {
    expect(await withBuildLock(folder, {}, () => Promise.resolve("built"))).toBe("built");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
