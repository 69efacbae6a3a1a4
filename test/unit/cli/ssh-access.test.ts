import { expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { quoteForShell, sshOptions, writeSshFiles } from "../../../cli/ssh-access";

test.each(["plain", "a b", "it's", "$HOME `id`", "", "-x", "a\nb", "\\", "*", "~"])(
  "a shell gives the word %j to the command as it is",
  (word) => {
    const { stdout } = spawnSync("sh", ["-c", `printf %s ${quoteForShell(word)}`], { encoding: "utf8" });
    expect(stdout).toBe(word);
  },
);

test("ssh reads nobody's configuration, asks no agent, and trusts one host key alone", () => {
  const options = sshOptions("/f", false).join(" ");
  for (const part of [
    "-F none",
    'IdentityFile="/f/key"',
    "StrictHostKeyChecking=yes",
    'UserKnownHostsFile="/f/known_hosts"',
    "GlobalKnownHostsFile=none",
    "IdentityAgent=none",
    "IdentitiesOnly=yes",
    "ForwardAgent=no",
  ])
    expect(options).toContain(part);
});

test("a path is what it is, whatever ssh makes of a % in it", () => {
  const options = sshOptions("/a%2Fb c", false);
  const { stdout, stderr } = spawnSync("ssh", ["-G", ...options, "host"], { encoding: "utf8" });
  expect(stderr).toBe("");
  // The one is expanded later: https://man.openbsd.org/ssh_config#TOKENS
  expect(stdout).toContain("identityfile /a%%2Fb c/key\n");
  expect(stdout).toContain("userknownhostsfile /a%2Fb c/known_hosts\n");
});

test("the key is for its owner's eyes only while it is there, and then gone", () => {
  const root = mkdtempSync(join(tmpdir(), "access-test-"));
  try {
    const target = { address: "a", port: 1, user: "u", privateKey: "secret", hostKey: "ssh-ed25519 AAAA" };
    const files = writeSshFiles(root, target, false);
    const [, key = ""] = /IdentityFile="([^"]+)"/.exec(files.options.join(" ")) ?? [];
    expect(statSync(key).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(key)).mode & 0o777).toBe(0o700);
    files.dispose();
    expect(existsSync(key)).toBe(false);
    expect(readdirSync(join(root, ".kmvm", "tmp"))).toEqual([]);
  } finally {
    rmSync(root, { recursive: true });
  }
});
