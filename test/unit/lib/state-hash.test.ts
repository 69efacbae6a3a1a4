import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stateHash } from "../../../lib/state-hash";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kmvm-state-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("the hash of a state", () => {
  test("of two hosts is not the same although both have it at the same path", () => {
    const url = `file://${folder}`;
    const here = stateHash(url);
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
    expect(stateHash(url)).not.toBe(here);
  });

  test("stays what it is, and goes along with a copy to the same place", () => {
    const url = `file://${folder}/state`;
    mkdirSync(join(folder, "state"));
    const hash = stateHash(url);
    expect(hash).toMatch(/^[0-9a-f]{12}$/);
    expect(stateHash(url)).toBe(hash);
    cpSync(join(folder, "state"), join(folder, "saved"), { recursive: true });
    rmSync(join(folder, "state"), { recursive: true });
    cpSync(join(folder, "saved"), join(folder, "state"), { recursive: true });
    expect(stateHash(url)).toBe(hash);
  });

  test("leaves one file, which is the user's alone", () => {
    stateHash(`file://${folder}?no_tmp_dir=true`);
    expect(readdirSync(folder)).toEqual(["kmvm-state-id"]);
    expect(statSync(join(folder, "kmvm-state-id")).mode & 0o777).toBe(0o600);
  });

  test.each(["s3://states?region=us-west-2", "https://api.pulumi.com", "file:///nonexistent/state"])(
    "of %s is that of its URL: nothing is made anywhere",
    (url) => {
      expect(stateHash(url)).toBe(stateHash(url));
      expect(stateHash(url)).not.toBe(stateHash(`${url}x`));
    },
  );

  test.each([undefined, ""])("of %p, which is not known, is empty", (url) => {
    expect(stateHash(url)).toBe("");
  });
});
