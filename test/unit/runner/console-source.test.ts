import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { makeRedactor } from "../../../lib/redact";
import { CappedFile } from "../../../runner/capped-file";
import { askedConsole } from "../../../runner/console-source";
import { ConsoleWatch } from "../../../runner/console-watch";
import { interruptHang } from "../../../runner/hang";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kmvm-test-"));
});
/** What a test that fails leaves at work. */
const watches: ConsoleWatch[] = [];
afterEach(async () => {
  for (const console of watches.splice(0)) await console.stop();
  rmSync(folder, { recursive: true });
});

/** A watch over a machine whose console is `screen.text`. */
async function watch(screen: { text: string; fails?: Error }, offset = 0, interrupt?: (id: string) => Promise<void>) {
  const asked: string[] = [];
  const source = askedConsole(
    () =>
      Promise.resolve({
        pollMs: 5,
        ...(interrupt ? { interrupt } : {}),
        text: (id: string) => {
          asked.push(id);
          return screen.fails ? Promise.reject(screen.fails) : Promise.resolve(screen.text);
        },
      }),
    "i-1",
    offset,
  );
  const path = join(folder, "console.log");
  const copy = await CappedFile.create({ path, what: "console", limitBytes: 1e6, redactor: makeRedactor([]) });
  const console = new ConsoleWatch(source, copy);
  watches.push(console);
  const end = async () => {
    await console.stop();
    await copy.end();
    return readFileSync(path, "utf8");
  };
  return { console, asked, end };
}

const panic = "[    9.000000] Kernel panic - not syncing: test\n";

describe("the console of a machine that a provider has", () => {
  test("is asked for again and again, copied, and an alarm in it is told", async () => {
    const screen = { text: "before\n" };
    const { console, asked, end } = await watch(screen);
    await console.caughtUp();
    screen.text += panic;
    expect(await console.fatal).toMatchObject({ kind: "panic" });
    await console.settle();
    expect(await end()).toBe(`before\n${panic}`);
    expect(new Set(asked)).toEqual(new Set(["i-1"]));
  });

  test("is read once more at the end", async () => {
    const screen = { text: "" };
    const { end } = await watch(screen);
    screen.text = "last words\n";
    expect(await end()).toBe("last words\n");
  });

  test("that does not answer ends no run, and is told", async () => {
    const screen: { text: string; fails?: Error } = { text: "one\n", fails: new Error("throttled") };
    const { console, end } = await watch(screen);
    await console.caughtUp();
    expect(console.troubles()[0]).toMatch(/^the console could not be read \d+ times: throttled$/);
    delete screen.fails;
    expect(await end()).toBe("one\n");
  });

  test("of an earlier run raises no alarm", async () => {
    const screen = { text: `early\n${panic}` };
    const { console, end } = await watch(screen, 1);
    await console.caughtUp();
    screen.text += "now\n";
    expect(await end()).toBe("now\n");
    expect(console.excerpt()).toEqual(["now"]);
    expect(console.position()).toBe(5);
  });
});

describe("a guest that hangs on a provider's machine", () => {
  test("is interrupted, and what it says of it is in the evidence, however late it comes", async () => {
    const screen = { text: "before\n" };
    const said: string[] = [];
    const { console, end } = await watch(screen, 0, (id) => {
      setTimeout(() => (screen.text += `${panic}Call Trace of ${id}\n`), 8);
      return Promise.resolve();
    });
    await console.caughtUp();
    // Nothing for long enough to pass for complete.
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(await interruptHang(console, (line) => said.push(line))).toEqual([]);
    expect(console.excerpt().at(-1)).toBe("Call Trace of i-1");
    expect(said).toHaveLength(1);
    await end();
  });

  test("is not, where the provider cannot, and nothing is said of it", async () => {
    const { console, end } = await watch({ text: "" });
    const said: string[] = [];
    expect([await interruptHang(console, (line) => said.push(line)), said]).toEqual([[], []]);
    await end();
  });

  test("stays a hang when the provider refuses, with a warning", async () => {
    const { console, end } = await watch({ text: "" }, 0, () => Promise.reject(new Error("not allowed")));
    expect(await interruptHang(console, () => undefined)).toEqual(["interrupt: not allowed"]);
    await end();
  });
});
