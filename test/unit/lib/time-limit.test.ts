import { describe, expect, test } from "@jest/globals";
import { once } from "node:events";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { timeLimit } from "../../../lib/time-limit";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

describe("a limit of time", () => {
  test("is kept although nobody but its user holds it, and garbage is collected meanwhile", async () => {
    const signal = timeLimit(100, new AbortController().signal);
    const aborted = once(signal, "abort");
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    await Promise.race([
      aborted,
      new Promise((_resolve, reject) =>
        setTimeout(() => {
          reject(new Error("the limit is gone"));
        }, 5000).unref(),
      ),
    ]);
    expect(String(signal.reason)).toBe("Error: not done within 0.1 s");
  });

  test("ends before its time with the signal that it is given", () => {
    const given = new AbortController();
    const signal = timeLimit(60_000, given.signal);
    expect(signal.aborted).toBe(false);
    given.abort(new Error("cancelled"));
    expect(signal.reason).toBe(given.signal.reason);
  });
});
