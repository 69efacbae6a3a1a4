import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { userData, type UserDataArgs } from "../../../lib/cloud-init";

const args: UserDataArgs = {
  user: "kmvm",
  authorizedKey: "ssh-ed25519 AAAAuser kmvm\n",
  hostKey: {
    privateKey: "-----BEGIN OPENSSH PRIVATE KEY-----\nline\n-----END OPENSSH PRIVATE KEY-----\n",
    publicKey: "ssh-ed25519 AAAAhost kmvm",
  },
  hostname: "test-ci-240-ab12cd34",
  expiresAt: "2026-01-31T12:00:00.250Z",
};

interface Config {
  ssh_keys: Record<string, string>;
  users: { name: string; ssh_authorized_keys: string[]; lock_passwd: boolean }[];
  write_files: { path: string; content: string }[];
}

const parsed = (text: string) => parse(text) as Config;

describe("user data of a machine in a cloud", () => {
  test("begins as cloud-init asks for, and gives name, keys and user", () => {
    const text = userData(args);
    expect(text).toMatch(/^#cloud-config\n/);
    expect(parsed(text)).toMatchObject({
      hostname: "test-ci-240-ab12cd34",
      ssh_deletekeys: true,
      growpart: { mode: "off" },
      resize_rootfs: false,
      ssh_pwauth: false,
      disable_root: true,
      users: [{ name: "kmvm", lock_passwd: true, ssh_authorized_keys: ["ssh-ed25519 AAAAuser kmvm"] }],
    });
    expect(parsed(text).ssh_keys["ed25519_private"]).toBe(args.hostKey.privateKey);
  });

  test("holds no secret but the machine's own host key", () => {
    const secrets = userData(args).match(/PRIVATE KEY|password(?!Authentication)|token|secret/gi) ?? [];
    expect(secrets).toEqual(["PRIVATE KEY", "PRIVATE KEY"]);
  });

  test("sets a timer of the machine's own that is never early", () => {
    const units = parsed(userData(args)).write_files.filter(({ path }) => path.includes("kmvm-expiry."));
    const [timer, service] = units;
    expect(timer?.content).toContain("OnCalendar=2026-01-31 12:00:01 UTC\n");
    expect(timer?.content).toContain("Persistent=true");
    expect(service?.content).toContain("poweroff");
  });

  test("has sshd's keys-only setting in place where cloud-init would write it late, with a restart", () => {
    expect(parsed(userData(args)).write_files).toContainEqual({
      path: "/etc/ssh/sshd_config.d/50-cloud-init.conf",
      content: "PasswordAuthentication no\n",
    });
  });

  test("names a server of the time where one is given, and then alone", () => {
    const files = (text: string) => parsed(text).write_files.map(({ path }) => path);
    const drop = "/etc/systemd/timesyncd.conf.d/kmvm.conf";
    expect(files(userData(args))).not.toContain(drop);
    const text = userData({ ...args, timeServer: "169.254.169.123" });
    expect(parsed(text).write_files).toContainEqual({ path: drop, content: "[Time]\nNTP=169.254.169.123\n" });
    expect(text).toContain("systemd-timesyncd.service");
  });

  test("larger than a provider takes is refused", () => {
    expect(() => userData({ ...args, authorizedKey: "x".repeat(17_000) })).toThrow(/allowed: 16384/);
  });
});
