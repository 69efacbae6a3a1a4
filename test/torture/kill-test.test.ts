import { afterAll, beforeAll } from "@jest/globals";
import { surviveKills } from "../support/kills";
import { seedOfRun } from "../support/moments";
import { testUnless } from "../support/needs";
import { missingForKmvm, ownCheckout, type OwnCheckout } from "../support/own-checkout";

/** Half of them on each kind of start. $KMVM_KILLS: fewer, while one works on it. */
const kills = Math.ceil(Number(process.env["KMVM_KILLS"] ?? 20) / 2);

let checkout: OwnCheckout;
beforeAll(() => {
  checkout = ownCheckout();
});
afterAll(() => {
  checkout.remove();
});

for (const start of ["cold", "warm"])
  testUnless(missingForKmvm())(
    `kmvm test (${start} start) killed at ${kills} random moments leaves nothing that gc does not remove, and passes the next time`,
    () =>
      surviveKills({
        checkout,
        command: ["test", "samples/km-hello", "--id", "torn", "--ttl", "1h", "--keep", "never", "--start", start],
        seed: seedOfRun(),
        kills,
        wholeEvery: 5,
      }),
    3 * 3600_000,
  );
