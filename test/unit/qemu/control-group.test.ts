import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { groupMiB } from "../../../provider/qemu/control-group";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "groups-"));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

const mib = (number: number) => String(number * 1024 ** 2);
const group = (path: string, max: string, current: string, idle = "0") => {
  const folder = join(root, path);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "memory.max"), `${max}\n`);
  writeFileSync(join(folder, "memory.current"), `${current}\n`);
  writeFileSync(join(folder, "memory.stat"), `anon 1\ninactive_file ${idle}\n`);
};

test("a container's limit leaves what is not used, and what only holds files", async () => {
  group(".", mib(4096), mib(3000), mib(1500));
  expect(await groupMiB("0::/\n", root)).toBe(2596);
});

test("the tightest of the groups above counts", async () => {
  group("a", mib(1000), mib(100));
  group("a/b", "max", mib(50));
  group("a/b/c", mib(2000), mib(10));
  expect(await groupMiB("4:memory:/x\n0::/a/b/c\n", root)).toBe(900);
});

test("more than the limit in use leaves nothing", async () => {
  group(".", mib(100), mib(200));
  expect(await groupMiB("0::/\n", root)).toBe(0);
});

test("without a limit, and without groups of version 2, none is known", async () => {
  group(".", "max", mib(1));
  expect(await groupMiB("0::/\n", root)).toBeUndefined();
  expect(await groupMiB("4:memory:/x\n", root)).toBeUndefined();
  expect(await groupMiB("0::/gone\n", join(root, "none"))).toBeUndefined();
});
