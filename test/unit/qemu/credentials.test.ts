import { describe, expect, test } from "@jest/globals";
import { tmpfilesExtra } from "../../../provider/qemu/credentials";
import type { MachineSpec } from "../../../provider/qemu/spec";

const spec: MachineSpec = {
  id: "test-dev-1-abc",
  image: { name: "L0-base", version: "1", disk: "/d", diskFormat: "raw", kernel: "/k", initrd: "/r" },
  boot: "direct",
  vcpus: 1,
  memoryMiB: 512,
  diskGiB: 8,
  expiresAt: "2030-01-01T00:00:00Z",
  user: "kmvm",
  authorizedKey: "ssh-ed25519 USER me",
  hostKey: { publicKey: "ssh-ed25519 HOST h", privateKey: "-----BEGIN\nsecret\n-----END\n" },
  tags: { project: "", backendHash: "", stack: "", runId: "", createdAt: "", owner: "" },
};

/** path -> [mode, owner, group, content]; the fields of tmpfiles.d(5). */
function files(text: string): Map<string, { type: string; mode: string; owner: string; content: string }> {
  return new Map(
    text
      .trimEnd()
      .split("\n")
      .map((line) => {
        const [type = "", path = "", mode = "", owner = "", , , argument = ""] = line.split(" ");
        return [path, { type, mode, owner, content: Buffer.from(argument, "base64").toString() }];
      }),
  );
}

describe("the credential tmpfiles.extra", () => {
  const written = files(tmpfilesExtra(spec));

  test.each([
    ["/etc/ssh/ssh_host_ed25519_key", "0600", "root", "-----BEGIN\nsecret\n-----END\n"],
    ["/etc/ssh/ssh_host_ed25519_key.pub", "0644", "root", "ssh-ed25519 HOST h\n"],
    ["/home/kmvm/.ssh/authorized_keys", "0600", "kmvm", "ssh-ed25519 USER me\n"],
    ["/etc/hostname", "0644", "root", "test-dev-1-abc\n"],
  ])("writes %s, mode %s of %s", (path, mode, owner, content) => {
    expect(written.get(path)).toEqual({ type: "f+~", mode, owner, content });
  });

  test("makes .ssh before what is in it", () => {
    const paths = [...written.keys()];
    expect(paths.indexOf("/home/kmvm/.ssh")).toBeGreaterThanOrEqual(0);
    expect(paths.indexOf("/home/kmvm/.ssh")).toBeLessThan(paths.indexOf("/home/kmvm/.ssh/authorized_keys"));
    expect(written.get("/home/kmvm/.ssh")).toMatchObject({ type: "d", mode: "0700", owner: "kmvm" });
  });
});
