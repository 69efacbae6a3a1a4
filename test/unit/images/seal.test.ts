import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { checkSealed } from "../../../provider/images/seal";

let folder: string;
let path: string | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "seal-"));
  path = process.env["PATH"];
});
afterEach(() => {
  process.env["PATH"] = path;
  rmSync(folder, { recursive: true });
});

test("a disk is looked into also by an ordinary user, on whose path debugfs is not", async () => {
  const disk = join(folder, "disk.raw");
  writeFileSync(disk, "");
  process.env["PATH"] = "/usr/bin:/bin";
  // It was started, and found nothing.
  await expect(checkSealed(disk, {})).rejects.toThrow("/etc/shadow cannot be read");
});
