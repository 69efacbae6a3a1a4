import { execFileSync } from "node:child_process";
import { symlink, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { execa } from "execa";
import { Guest } from "./guest";

let guest: Guest;
beforeEach(async () => {
  guest = await Guest.make();
  await guest.write("var/lib/kmvm/run/attempt", "r1 1");
  await guest.write("var/lib/kmvm/run/boot-id", "b");
  await guest.write("run/kmvm/run/steps.jsonl", "{}\n");
  await guest.write("run/kmvm/run/exit", "0");
});
afterEach(() => guest.remove());

/** Names of the archive's files, and a way to one's content. */
async function collect(maxMiB: number) {
  const { stdout } = await execa(guest.path("opt/kmvm/test/collect"), [String(maxMiB)], {
    encoding: "buffer",
    maxBuffer: 64 * 1024 * 1024,
    env: { KMVM_PREFIX: guest.prefix, PATH: `${guest.path("bin")}:${process.env["PATH"] ?? ""}` },
  });
  // From a file: tar does not read a pipe beyond the archive's end mark, and whoever fills it may fail.
  const archive = guest.path("collected.tar");
  await writeFile(archive, stdout);
  const tar = (...args: string[]) =>
    execFileSync("tar", [`--file=${archive}`, ...args], { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  const names = tar("--list")
    .trimEnd()
    .split("\n")
    .filter((name) => !name.endsWith("/"));
  return { names, content: (name: string) => tar("--extract", "--to-stdout", name) };
}

describe("collect", () => {
  test("gives the records, what the system knows, and what tests left", async () => {
    await guest.command("dmesg", "echo the kernel says\n");
    await guest.write("var/lib/kmvm/run/results/1-a/r.tap", "1..0\n");
    await guest.write("var/lib/kmvm/run/artifacts/deep/er/file", "x");
    await guest.write("var/lib/kmvm/run/cores/a.1", "core");
    const { names, content } = await collect(1);
    expect(names.sort()).toEqual(
      [
        "run/artifacts/deep/er/file",
        "run/attempt",
        "run/boot-id",
        "run/cores/a.1",
        "run/exit",
        "run/omitted.txt",
        "run/results/1-a/r.tap",
        "run/steps.jsonl",
        "system/dmesg.txt",
        "system/journal.txt",
        "system/packages.txt",
      ].sort(),
    );
    expect(content("system/dmesg.txt")).toBe("the kernel says\n");
    expect(content("run/steps.jsonl")).toBe("{}\n");
  });

  test("keeps to its limit, small files first, and names what it leaves out", async () => {
    await guest.write("var/lib/kmvm/run/results/1-a/r.tap", "1..0\n");
    await guest.write("var/lib/kmvm/run/artifacts/a-large", Buffer.alloc(900_000));
    await guest.write("var/lib/kmvm/run/artifacts/b-large", Buffer.alloc(900_001));
    const { names, content } = await collect(1);
    expect(names).toContain("run/results/1-a/r.tap");
    expect(names).toContain("run/artifacts/a-large");
    expect(names).not.toContain("run/artifacts/b-large");
    expect(content("run/omitted.txt")).toBe("900001 ./artifacts/b-large\n");
  });

  test("counts a file with holes as large as it reads", async () => {
    await guest.write("var/lib/kmvm/run/artifacts/x", "");
    execFileSync("truncate", ["-s", "10G", guest.path("var/lib/kmvm/run/artifacts/x")]);
    const { names, content } = await collect(64);
    expect(names).not.toContain("run/artifacts/x");
    expect(content("run/omitted.txt")).toContain("10737418240 ./artifacts/x");
  });

  test("takes files only: no link, pipe or device", async () => {
    await guest.write("secret", "s");
    await guest.write("var/lib/kmvm/run/artifacts/file", "x");
    await symlink(guest.path("secret"), guest.path("var/lib/kmvm/run/artifacts/link"));
    await symlink(guest.prefix, guest.path("var/lib/kmvm/run/artifacts/folder"));
    execFileSync("mkfifo", [guest.path("var/lib/kmvm/run/artifacts/pipe")]);
    const { names } = await collect(1);
    expect(names.filter((name) => name.startsWith("run/artifacts"))).toEqual(["run/artifacts/file"]);
  });

  test("takes names with spaces, line ends and leading dashes", async () => {
    await guest.write("var/lib/kmvm/run/artifacts/-a b\nc", "x");
    const { names } = await collect(1);
    expect(names).toContain("run/artifacts/-a b\\nc");
  });

  test("keeps the end of a text of the system that is very long", async () => {
    await guest.command("journalctl", "seq 1 1000000\n");
    const { content } = await collect(1);
    const journal = content("system/journal.txt");
    expect(journal.length).toBe(4 * 1024 * 1024);
    expect(journal.endsWith("\n1000000\n")).toBe(true);
  });

  test("gives something although nothing was ever started", async () => {
    await guest.remove();
    guest = await Guest.make();
    const { names } = await collect(1);
    expect(names).toContain("system/dmesg.txt");
  });
});
