import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { pack, type Header } from "tar-stream";
import { makeRedactor } from "../../../lib/redact";
import { untar, type UntarLimits } from "../../../lib/untar";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "untar-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const limits: UntarLimits = { fileBytes: 1000, totalBytes: 5000, entries: 50 };
const open = makeRedactor([]);

async function archiveOf(entries: readonly (Partial<Header> & { name: string; content?: string })[]): Promise<Buffer> {
  const archive = pack();
  for (const { content, ...header } of entries) archive.entry(header, content ?? "");
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const unpack = (archive: Buffer | Readable, { redactor = open, within = limits } = {}) =>
  untar(Buffer.isBuffer(archive) ? Readable.from([archive]) : archive, join(folder, "inside"), within, redactor);

/** Every file and link below the test's folder, as paths relative to it. */
const everything = () =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();

/** A header with a size of its own, and what follows it. */
function rawEntry(name: string, type: string, sizeField: string): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write("0000644\0", 100);
  header.write("0000000\0", 108);
  header.write("0000000\0", 116);
  header.write(sizeField, 124);
  header.write("00000000000\0", 136);
  header.fill(" ", 148, 156);
  header.write(type, 156);
  header.write("ustar\0" + "00", 257);
  let sum = 0;
  for (const byte of header) sum += byte;
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}

describe("unpacking an archive of a guest", () => {
  test("puts regular files in place, readable and not executable", async () => {
    const archive = await archiveOf([
      { name: "run/", type: "directory" },
      { name: "./run/exit", mode: 0o4777, content: "0\n" },
      { name: "run/a/b.xml", content: "<x/>" },
    ]);
    expect(await unpack(archive)).toEqual({
      complete: true,
      files: ["run/exit", "run/a/b.xml"],
      warnings: [],
    });
    expect(readFileSync(join(folder, "inside/run/exit"), "utf8")).toBe("0\n");
    expect(statSync(join(folder, "inside/run/exit")).mode & 0o7777).toBe(0o644);
  });

  test.each([
    ["an absolute path", { name: "/tmp/evil" }],
    ["a way up", { name: "../evil" }],
    ["a way up in the middle", { name: "a/../../evil" }],
    ["a symbolic link", { name: "link", type: "symlink" as const, linkname: "/etc/passwd" }],
    ["a hard link", { name: "hard", type: "link" as const, linkname: "/etc/passwd" }],
    ["a character device", { name: "dev", type: "character-device" as const, devmajor: 1, devminor: 3 }],
    ["a block device", { name: "blk", type: "block-device" as const, devmajor: 8, devminor: 0 }],
    ["a pipe", { name: "fifo", type: "fifo" as const }],
    ["a path that is too deep", { name: "d/".repeat(20) + "evil" }],
  ])("leaves out %s and goes on", async (_what, entry) => {
    const { files, warnings } = await unpack(await archiveOf([entry, { name: "after", content: "x" }]));
    expect(files).toEqual(["after"]);
    expect(warnings).toHaveLength(1);
    expect(everything()).toEqual(["inside/after"]);
  });

  test("does not write through a link that the archive brought before", async () => {
    const { files } = await unpack(
      await archiveOf([
        { name: "out", type: "symlink", linkname: ".." },
        { name: "out/evil", content: "x" },
      ]),
    );
    expect(files).toEqual(["out/evil"]);
    expect(everything()).toEqual(["inside/out/evil"]);
    expect(lstatSync(join(folder, "inside/out")).isDirectory()).toBe(true);
  });

  test("keeps the first of two files of one name", async () => {
    const twice = [
      { name: "same", content: "first" },
      { name: "./same", content: "second" },
    ];
    expect((await unpack(await archiveOf(twice))).warnings).toEqual(["left out ./same: there is one of that name"]);
    expect(readFileSync(join(folder, "inside/same"), "utf8")).toBe("first");
  });

  test.each([
    ["first a folder", ["a/b", "a"]],
    ["first a file", ["a", "a/b"]],
  ])("goes on when one name is a file and a folder: %s", async (_what, names) => {
    const clash = [...names, "after"].map((name) => ({ name, content: name }));
    const { files, warnings } = await unpack(await archiveOf(clash));
    expect(files).toEqual([names[0], "after"]);
    expect(warnings).toEqual([`left out ${names[1] ?? ""}: its name is taken`]);
    expect(everything()).toEqual([`inside/${names[0] ?? ""}`, "inside/after"]);
  });

  test("cuts a file that is too long, names it so, and goes on", async () => {
    const { files, warnings } = await unpack(
      await archiveOf([
        { name: "big", content: "x".repeat(3000) },
        { name: "after", content: "y" },
      ]),
    );
    expect(files).toEqual(["after"]);
    expect(warnings).toEqual(["cut big after 1000 bytes"]);
    expect(statSync(join(folder, "inside/big.cut")).size).toBe(1000);
    expect(everything()).toEqual(["inside/after", "inside/big.cut"]);
  });

  test("stops at the limit of all files together", async () => {
    const many = Array.from({ length: 9 }, (_, index) => ({ name: `f${index}`, content: "x".repeat(900) }));
    const { files, warnings } = await unpack(await archiveOf(many));
    expect(files).toEqual(["f0", "f1", "f2", "f3", "f4"]);
    expect(warnings.at(-1)).toContain("more than 5000 bytes of files");
  });

  test("stops at the limit of entries", async () => {
    const many = Array.from({ length: 60 }, (_, index) => ({ name: `d${index}`, type: "fifo" as const }));
    const { warnings } = await unpack(await archiveOf(many));
    expect(warnings.at(-1)).toMatch(/more of the guest's files/);
    expect(warnings.length).toBeLessThan(30);
  });

  test("does not believe a file that claims 10 GB", async () => {
    const endless = Readable.from(
      (function* () {
        // 10 GB in base 256, as GNU tar writes sizes beyond 8 GiB.
        const header = rawEntry("sparse", "0", "00000000000\0");
        header.writeUInt8(0x80, 124);
        header.fill(0, 125, 136);
        header.writeBigUInt64BE(10_000_000_000n, 128);
        header.fill(" ", 148, 156);
        let sum = 0;
        for (const byte of header) sum += byte;
        header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
        yield header;
        for (;;) yield Buffer.alloc(4096);
      })(),
    );
    const { files, warnings } = await unpack(endless);
    expect(files).toEqual([]);
    expect(warnings[0]).toContain("cut sparse after 1000 bytes");
  });

  test.each(["x", "g", "L", "K"])("does not keep an endless header of type %s in memory", async (type) => {
    let sent = 0;
    const endless = Readable.from(
      (function* () {
        yield rawEntry("pax", type, "77777777777\0");
        for (;;) {
          sent += 65_536;
          yield Buffer.alloc(65_536, "1");
        }
      })(),
    );
    const { warnings } = await unpack(endless);
    expect(warnings[0]).toContain("Header exceeds max size");
    expect(sent).toBeLessThan(3_000_000);
  });

  test("what is no archive, or breaks off, ends in a warning with what came before in place", async () => {
    expect((await unpack(Buffer.alloc(2048, "x"))).warnings[0]).toContain("incomplete");
    const whole = await archiveOf([
      { name: "one", content: "1" },
      { name: "two", content: "2".repeat(900) },
    ]);
    const { files, warnings, complete } = await unpack(whole.subarray(0, 1024 + 512 + 100));
    expect(complete).toBe(false);
    expect(files).toEqual(["one"]);
    expect(warnings[0]).toContain("incomplete");
    expect(everything()).toEqual(["inside/one"]);
  });

  test("keeps a file whose name is that of another one with an ending", async () => {
    const archive = await archiveOf([
      { name: "x.part", content: "1" },
      { name: "x", content: "2" },
    ]);
    expect(await unpack(archive)).toEqual({ files: ["x.part", "x"], complete: true, warnings: [] });
    expect(everything()).toEqual(["inside/x", "inside/x.part"]);
  });

  test("names are made printable", async () => {
    const { files } = await unpack(await archiveOf([{ name: "a\x1b[31m\n€", content: "x" }]));
    expect(files).toEqual(["a_[31m__"]);
  });

  test("takes secrets out of files", async () => {
    const archive = await archiveOf([{ name: "env", content: "PASSWORD=canary-secret\n" }]);
    await unpack(archive, { redactor: makeRedactor(["canary-secret"]) });
    expect(readFileSync(join(folder, "inside/env"), "utf8")).toBe("PASSWORD=[redacted]\n");
  });
});
