import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { conversion } from "../../../components/backends/converted-disk";

const vhd = conversion({ ending: "vhd", format: "vpc", options: "subformat=fixed" });
let folder: string;
let bin: string;

/** In place of qemu-img: copies, and says so. */
beforeEach(() => {
  const root = mkdtempSync(join(tmpdir(), "kmvm-conversion-"));
  [folder, bin] = [join(root, "version"), join(root, "bin")];
  mkdirSync(folder);
  mkdirSync(bin);
  const stand = join(bin, "qemu-img");
  writeFileSync(stand, `#!/bin/sh\necho "$@" >> "${join(root, "calls")}"\ncp "$8" "$9"\n`);
  chmodSync(stand, 0o755);
  writeFileSync(join(folder, "disk.raw"), "disk");
});
afterEach(() => {
  rmSync(join(folder, ".."), { recursive: true });
});

const convert = () =>
  execFileSync("sh", ["-c", vhd], {
    env: { PATH: `${bin}:${process.env["PATH"] ?? ""}`, FOLDER: folder },
    encoding: "utf8",
  });
const calls = () => readFileSync(join(folder, "../calls"), "utf8").trim().split("\n");

test("a disk is converted once, and what a killed conversion has left is written over", () => {
  writeFileSync(join(folder, ".disk.vhd"), "half");
  expect(convert()).toBe(`${folder}/disk.vhd`);
  expect(convert()).toBe(`${folder}/disk.vhd`);
  expect(calls()).toEqual(["convert -f raw -O vpc -o subformat=fixed disk.raw .disk.vhd"]);
  expect(readFileSync(join(folder, "disk.vhd"), "utf8")).toBe("disk");
  expect(readdirSync(folder).sort()).toEqual([".disk.vhd.lock", "disk.raw", "disk.vhd"]);
});
