import { afterAll, beforeAll, expect } from "@jest/globals";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { retryUntil } from "../../../lib/retry";
import { testUnless } from "../../support/needs";
import { missingForKmvm, ownCheckout, type OwnCheckout } from "../../support/own-checkout";

const missing = missingForKmvm();
const seconds = 900_000;

let checkout: OwnCheckout;

beforeAll(() => {
  checkout = ownCheckout();
});

afterAll(() => {
  checkout.remove();
});

testUnless(missing)(
  "four runs at once share no address, file or name, and all pass",
  async () => {
    const ids = ["one", "two", "three", "four"];
    const ended = await Promise.all(
      ids.map((id) => checkout.kmvm("test", "samples/km-hello", "--id", id, "--set", "hangTimeout=10m")),
    );
    expect(ended.map(({ code, stderr }) => (code === 0 ? 0 : stderr))).toEqual([0, 0, 0, 0]);
    const addresses = ended.map(({ stderr }) => /ssh on (127\.[\d.]+:\d+)/.exec(stderr)?.[1]);
    expect(new Set(addresses).size).toBe(4);
    expect(addresses).not.toContain(undefined);
    const runs = ids.map(
      (id) =>
        JSON.parse(readFileSync(join(checkout.folder, "runs", `test-dev-${id}`, "1", "result.json"), "utf8")) as {
          runId: string;
        },
    );
    expect(new Set(runs.map(({ runId }) => runId)).size).toBe(4);
    expect(checkout.leftovers()).toEqual([]);
  },
  seconds,
);

testUnless(missing)(
  "of two with the same id the second is told who holds it, and the first goes on",
  async () => {
    const first = checkout.start(["test", "samples/km-hello", "--id", "same"]);
    await retryUntil({
      what: "the first to start",
      timeoutMs: 600_000,
      attempt: () => first.text().includes("machine") || undefined,
    });
    const second = await checkout.kmvm("test", "samples/km-hello", "--id", "same");
    expect(second.code).toBe(3);
    expect(second.stderr).toMatch(new RegExp(`test-dev-same is in use: .*process ${first.pid}, since \\d{4}`));
    expect((await first.ended).code).toBe(0);
  },
  seconds,
);

testUnless(missing)(
  "what somebody has written into the stack's configuration is what runs, and what is announced",
  async () => {
    const byHand = (...args: string[]) => checkout.pulumi(...args, "--stack", "test-dev-by-hand");
    expect((await checkout.pulumi("stack", "init", "test-dev-by-hand")).code).toBe(0);
    expect((await byHand("config", "set", "kmvm:source", "test/fixtures/payloads")).code).toBe(0);
    expect((await byHand("config", "set", "kmvm:directories", "fail")).code).toBe(0);
    const { code, stderr } = await checkout.kmvm("test", "--id", "by-hand", "--keep", "never");
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining("test-dev-by-hand: fail on /dev/kvm"),
    });
    expect(checkout.leftovers()).toEqual([]);
  },
  seconds,
);

testUnless(missing)(
  "an interrupt brings home what there is and leaves nothing",
  async () => {
    const run = checkout.start(["test", "test/fixtures/payloads/hang", "--id", "interrupted", "--keep", "never"]);
    await retryUntil({
      what: "the test to run",
      timeoutMs: 600_000,
      attempt: () => run.text().includes("hang: this never ends") || undefined,
    });
    run.signal("SIGINT");
    const { code, stderr } = await run.ended;
    expect({ code, stderr }).toEqual({ code: 130, stderr: expect.stringContaining("CANCELLED") });
    const folder = join(checkout.folder, "runs", "test-dev-interrupted", "1");
    expect(readFileSync(join(folder, "test.log"), "utf8")).toContain("hang: this never ends");
    expect(checkout.leftovers()).toEqual([]);
  },
  seconds,
);

testUnless(missing)(
  "a run whose output nobody reads any more goes on to its end and removes everything",
  async () => {
    const { stdout } = await checkout.shell(
      "bin/kmvm test samples/km-hello --id deaf 2>&1 >/dev/null | head -n 1; echo ${PIPESTATUS[0]}",
    );
    expect(stdout).toMatch(/^test-dev-deaf: .*\n0\n$/);
    expect(checkout.leftovers()).toEqual([]);
    expect(await checkout.shell("bin/kmvm logs test-dev-deaf | head -n 1")).toMatchObject({ code: 0, stderr: "" });
  },
  seconds,
);
