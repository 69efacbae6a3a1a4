import { afterAll, beforeAll } from "@jest/globals";
import { surviveKills } from "../support/kills";
import { seedOfRun } from "../support/moments";
import { testUnless } from "../support/needs";
import { missingForKmvm, ownCheckout, type OwnCheckout } from "../support/own-checkout";

/** $KMVM_KILLS: fewer, on a slow machine. */
const kills = Math.min(6, Number(process.env["KMVM_KILLS"] ?? 6));

let checkout: OwnCheckout;
beforeAll(() => {
  checkout = ownCheckout();
});
afterAll(() => {
  checkout.remove();
});

testUnless(missingForKmvm())(
  "vm up killed at any moment leaves nothing that gc does not remove, and succeeds the next time",
  () =>
    surviveKills({
      checkout,
      command: ["vm", "up", "--id", "torn", "--ttl", "30m", "--start", "cold"],
      remove: ["vm", "delete", "vm-dev-torn"],
      done: /^ *kmvm ssh vm-dev-torn$/m,
      seed: seedOfRun(),
      kills,
      wholeEvery: 6,
    }),
  60 * 60_000,
);
