import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { temporaryFiles } from "../../../cli/gc-files";
import { identify } from "../../../lib/process";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "gc-files-"));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

const me = identify(process.pid);
/** No process has it: the kernel's limit is 2^22. */
const noProcess = 4_999_999;

test.each([
  [`.kmvm/tmp/access-${process.pid}-${me?.startTime}-x`, "alive"],
  [`.kmvm/tmp/access-${process.pid}-1-x`, "dead"],
  [`.kmvm/tmp/configuration-${noProcess}-1-vm-dev-1.yaml`, "dead"],
  [`.kmvm/build/0123/cli/${noProcess}`, "dead"],
  [`.kmvm/build/0123/cli/${process.pid}`, "alive"],
  [`.kmvm/source/abc.tar.${noProcess}.kmvm.part`, "dead"],
  [".kmvm/source/abc.tar", "unknown"],
])("%s is of a process that is %s", (path, owner) => {
  mkdirSync(join(root, path), { recursive: true });
  expect(temporaryFiles(root)).toContainEqual(expect.objectContaining({ path: join(root, path), owner }));
});

test("nothing else is looked at", () => {
  mkdirSync(join(root, ".kmvm", "tmp"), { recursive: true });
  mkdirSync(join(root, ".kmvm", "build", "0123"), { recursive: true });
  writeFileSync(join(root, ".kmvm", "tmp", "notes"), "");
  writeFileSync(join(root, ".kmvm", "passphrase"), "");
  expect(temporaryFiles(root).filter(({ path }) => path.startsWith(root))).toEqual([]);
});
