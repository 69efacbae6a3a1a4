import { describe, expect, test } from "@jest/globals";
import { consoleGrowth } from "../../../lib/console-text";

const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `[${String(from + index).padStart(6)}.0] line\n`).join("");

describe("a console that is asked for as one text", () => {
  test.each([
    ["that has grown gives what is new", lines(0, 10), lines(0, 12), lines(10, 12)],
    ["that is the same gives nothing", lines(0, 10), lines(0, 10), ""],
    ["of which only the end is kept gives what is new", lines(0, 1000), lines(900, 1003), lines(1000, 1003)],
    ["that is older than before gives nothing", lines(0, 10), lines(0, 8), ""],
    ["of which nothing is known any more is new as a whole", lines(0, 100), lines(500, 600), lines(500, 600)],
    ["that began anew is new as a whole", lines(5, 90), "BIOS\n", "BIOS\n"],
    ["that is empty at first gives all", "", lines(0, 3), lines(0, 3)],
  ])("%s", (_what, previous, now, expected) => {
    expect(consoleGrowth(previous, now).text).toBe(expected);
  });

  test("that was seen older goes on where the newest ended", () => {
    const newest = consoleGrowth("", lines(0, 10));
    const older = consoleGrowth(newest.known, lines(0, 8));
    expect(consoleGrowth(older.known, lines(0, 11)).text).toBe(lines(10, 11));
  });

  test("is whole, whatever is seen of it and when", () => {
    let known = "";
    let all = "";
    for (const end of [0, 3, 3, 700, 650, 1400, 1401, 2000]) {
      const growth = consoleGrowth(known, lines(Math.max(0, end - 1000), end));
      all += growth.text;
      known = growth.known;
    }
    expect(all).toBe(lines(0, 2000));
  });
});
