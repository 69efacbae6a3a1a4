import { describe, expect, test } from "@jest/globals";
import type { CliContext } from "../../../cli/context";
import { showConsole } from "../../../cli/shown-log";

/** What is shown of a console that gives these texts, one after the other, and then ends. */
async function shown(texts: (string | Error)[], follow = true) {
  const printed: string[] = [];
  const warned: string[] = [];
  const terminal = { print: (line: string) => printed.push(line), warn: (line: string) => warned.push(line) };
  let reads = 0;
  const read = () => {
    const text = texts[reads++] ?? "";
    if (text instanceof Error) return Promise.reject(text);
    return Promise.resolve({ text, more: reads < texts.length });
  };
  await showConsole({ terminal } as unknown as CliContext, { read, everyMs: 1 }, follow);
  return { printed, warned, reads };
}

describe("a console that is followed", () => {
  test("is shown as it grows, each line once", async () => {
    expect((await shown(["one\n", "one\ntw", "one\ntwo\n"])).printed).toEqual(["one", "two"]);
  });

  test("goes on where its provider keeps only the end of it", async () => {
    // Longer than what it is found again by.
    const last = "x".repeat(600);
    const texts = [`first\n${last}\n`, `${last}\nnext\n`, `${last.slice(10)}\nnext\nmore\n`];
    expect((await shown(texts)).printed).toEqual(["first", last, "next", "more"]);
  });

  test("that cannot be read now and then is told once, and is not the end", async () => {
    const failure = new Error("throttled");
    const { printed, warned } = await shown(["one\n", failure, failure, "one\ntwo\n"]);
    expect(printed).toEqual(["one", "two"]);
    expect(warned).toEqual(["the console could not be read: throttled"]);
  });

  test("that cannot be read at all is the end", async () => {
    await expect(shown([new Error("not allowed")])).rejects.toThrow("not allowed");
  });

  test("is read once where it is not to be followed", async () => {
    expect(await shown(["one\n", "one\ntwo\n"], false)).toMatchObject({ printed: ["one"], reads: 1 });
  });
});
