import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { locateSource } from "../../../cli/source-location";

let base: string;
beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), "kmvm-location-")));
  mkdirSync(join(base, "tree/payloads/node"), { recursive: true });
});
afterEach(() => {
  delete process.env["GIT_TEST_ASSUME_DIFFERENT_OWNER"];
  rmSync(base, { recursive: true });
});

const located = (path: string) => locateSource(join(base, path));
const initTree = () => execFileSync("git", ["init", "-q", join(base, "tree")]);

describe("the tests of a directory come", () => {
  test("from the git tree that it is in", async () => {
    initTree();
    expect(await located("tree/payloads/node")).toEqual({ source: join(base, "tree"), directories: ["payloads/node"] });
    expect(await located("tree")).toEqual({ source: join(base, "tree"), directories: ["."] });
  });

  test("also where that is another user's, as in many a container of a CI", async () => {
    initTree();
    // Git's own switch for its tests.
    process.env["GIT_TEST_ASSUME_DIFFERENT_OWNER"] = "1";
    expect(await located("tree/payloads/node")).toMatchObject({ source: join(base, "tree") });
  });

  test("from the directory itself where it is in none", async () => {
    expect(await located("tree/payloads")).toEqual({ source: join(base, "tree/payloads"), directories: ["."] });
  });

  test("from a repository by its URL", async () => {
    const url = "https://example.org/km.git";
    expect(await locateSource(url)).toEqual({ source: url });
  });
});

describe("is refused", () => {
  test("a directory that is not there", async () => {
    await expect(located("elsewhere")).rejects.toThrow(/there is no directory/);
  });

  test("a directory of a tree that git cannot read", async () => {
    writeFileSync(join(base, "tree/.git"), "gitdir");
    await expect(located("tree/payloads")).rejects.toThrow(/nobody can tell which git tree .*: git rev-parse failed/);
  });
});
