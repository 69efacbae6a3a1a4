import { afterAll, beforeAll, expect } from "@jest/globals";
import { retryUntil } from "../../lib/retry";
import { testUnless } from "../support/needs";
import { missingForKmvm, ownCheckout, type OwnCheckout } from "../support/own-checkout";

const seconds = 900_000;
const failing = "test/fixtures/payloads/fail";

let checkout: OwnCheckout;
beforeAll(() => {
  checkout = ownCheckout();
});
afterAll(() => {
  checkout.remove();
});

testUnless(missingForKmvm())(
  "a failing run that is kept is gone after its ttl, with no process alive",
  async () => {
    const started = Date.now();
    await checkout.kmvm("test", failing, "--id", "measured", "--keep", "never");
    // Long enough for the run on a machine as fast as this one just was, and not much longer.
    const ttl = Math.round(30 + (2 * (Date.now() - started)) / 1000);
    const run = await checkout.kmvm("test", failing, "--id", "brief", "--keep", "on-failure", "--ttl", `${ttl}s`);
    expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining("kmvm ssh test-dev-brief") });
    await retryUntil({
      what: "every process of the machine to end",
      timeoutMs: (ttl + 60) * 1000,
      intervalMs: 1000,
      attempt: () => (checkout.leftovers().some((line) => line.startsWith("process")) ? undefined : true),
    });
    expect(await checkout.kmvm("gc", "--yes", "--now")).toMatchObject({ code: 0 });
    expect(checkout.leftovers()).toEqual([]);
  },
  seconds,
);
