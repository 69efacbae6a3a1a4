import { describe, expect, test } from "@jest/globals";
import { LiveLines } from "../../../runner/live-lines";

function shown(feed: (live: LiveLines, at: (ms: number) => void) => void): string[] {
  const lines: string[] = [];
  let now = 1_000_000;
  const live = new LiveLines(
    "runs/x/1/test.log",
    (line) => lines.push(line),
    () => now,
  );
  feed(live, (ms) => (now = 1_000_000 + ms));
  live.end();
  return lines;
}

describe("the live log", () => {
  test("shows lines as they come, made safe", () => {
    expect(shown((live) => ["a\x1b[31mb\n", "c", "d\nlast"].forEach((text) => live.push(Buffer.from(text))))).toEqual([
      "ab",
      "cd",
      "last",
    ]);
  });

  test("is bounded in all, however long it goes on", () => {
    const lines = shown((live, at) => {
      for (let second = 0; second < 100; second++) {
        at(second * 1000);
        live.push(Buffer.from(`${"x".repeat(999)}\n`.repeat(50)));
      }
    });
    expect(lines.join("\n").length).toBeLessThan(1.1 * 1024 * 1024);
  });

  test("is not drowned by a flood: it says once a second how much it leaves out", () => {
    const lines = shown((live, at) => {
      for (let second = 0; second < 3; second++) {
        at(second * 1000);
        live.push(Buffer.from("0123456789\n".repeat(100_000)));
      }
    });
    expect(lines).toHaveLength(3 * 300 + 3);
    expect(lines.filter((line) => line === "… 1.1 MB more in runs/x/1/test.log")).toHaveLength(3);
  });

  test("counts long lines by their bytes", () => {
    const lines = shown((live) => live.push(Buffer.from(`${"x".repeat(4000)}\n`.repeat(100))));
    expect(lines).toHaveLength(16 + 1);
  });
});
