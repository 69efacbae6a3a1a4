import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateKeyPair } from "../../../provider/ssh-key-format";

describe("a generated key pair", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "kmvm-key-"));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  // Comments of every length modulo the padding's block size.
  test.each(["", "k", "ke", "key", "key1", "key12", "key123", "key1234", "kmvm@host"])(
    'OpenSSH reads it back, comment "%s"',
    (comment) => {
      const pair = generateKeyPair(comment);
      const file = join(folder, `k-${comment}`);
      writeFileSync(file, pair.privateKey, { mode: 0o600 });
      expect(execFileSync("ssh-keygen", ["-y", "-f", file], { encoding: "utf8" }).trim()).toBe(pair.publicKey.trim());
      expect(execFileSync("ssh-keygen", ["-l", "-f", file], { encoding: "utf8" })).toContain(pair.fingerprint);
    },
  );

  test("is another one each time", () => {
    expect(generateKeyPair("a").publicKey).not.toBe(generateKeyPair("a").publicKey);
  });
});
