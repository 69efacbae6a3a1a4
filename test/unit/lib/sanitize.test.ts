import { describe, expect, test } from "@jest/globals";
import { lineSplitter, sanitizeLine, sanitizeText } from "../../../lib/sanitize";

const line = (text: string) => sanitizeLine(Buffer.from(text));

describe("a line of a guest, made safe to show", () => {
  test.each([
    ["colour", "\x1b[31mred\x1b[0m", "red"],
    ["cursor movement and clearing", "a\x1b[2J\x1b[1;1Hb\x1b[?25l", "ab"],
    ["window title by BEL and by ST", "\x1b]0;owned\x07x\x1b]2;owned\x1b\\y", "xy"],
    ["clipboard and device control", "\x1b]52;c;ZXZpbA==\x07\x1bP1$tx\x1b\\z", "z"],
    ["an unfinished sequence", "a\x1b[12", "a"],
    ["an unfinished title", "a\x1b]0;never ends", "a"],
    ["8-bit CSI", "a\u009b31mb", "ab"],
    ["reset", "\x1bca", "a"],
    ["bell, backspace, NUL", "a\x07\x08\x00b", "a\ufffd\ufffd\ufffdb"],
    ["carriage return at the end", "line\r", "line"],
    ["carriage return that overwrites", "fake\rreal", "fake\ufffdreal"],
    ["reversed writing", "a\u202egpj.exe", "a\ufffdgpj.exe"],
    ["tab and ordinary text", "a\tb ünïcode …", "a\tb ünïcode …"],
  ])("%s", (_what, given, shown) => {
    expect(line(given)).toBe(shown);
  });

  test("does not take the square of its length to make", () => {
    expect(sanitizeText(`${"\r".repeat(1_000_000)}x`)).toBe(`${"\ufffd".repeat(1_000_000)}x`);
  });

  test("invalid UTF-8 is replaced", () => {
    expect(sanitizeLine(Buffer.from([0x61, 0xff, 0xc3, 0x62]))).toBe("a\ufffd\ufffdb");
  });

  test("no two bytes after an escape can bring out a control character", () => {
    const through: string[] = [];
    for (let first = 0; first < 256; first++)
      for (let second = 0; second < 256; second++) {
        const shown = sanitizeLine(Buffer.from([0x1b, first, second, 0x41]));
        if (/[\x00-\x08\x0a-\x1f\x7f-\x9f]/.test(shown)) through.push(`${first} ${second}`);
      }
    expect(through).toEqual([]);
  });
});

describe("cutting into lines", () => {
  function split(chunks: readonly string[]): [string, number][] {
    const lines: [string, number][] = [];
    const splitter = lineSplitter((text, omitted) => lines.push([text.toString(), omitted]));
    for (const chunk of chunks) splitter.push(Buffer.from(chunk));
    splitter.end();
    return lines;
  }

  test("lines may come in any pieces", () => {
    expect(split(["a", "b\nc\n", "\nd"])).toEqual([
      ["ab", 0],
      ["c", 0],
      ["", 0],
      ["d", 0],
    ]);
  });

  test("a line without end is counted, not kept", () => {
    const megabyte = "x".repeat(1_000_000);
    const [[text, omitted] = ["", 0], next] = split([...Array<string>(50).fill(megabyte), "\nnext\n"]);
    expect(text).toHaveLength(4096);
    expect(omitted).toBe(50_000_000 - 4096);
    expect(next).toEqual(["next", 0]);
  });
});
