import { afterAll, beforeAll, expect } from "@jest/globals";
import { killAfter, missingForKmvm, ownCheckout, type OwnCheckout } from "../support/own-checkout";
import { killMoments, seedOfRun } from "../support/moments";
import { testUnless } from "../support/needs";

const kills = 6;
const timeoutMs = 30 * 60_000;

let checkout: OwnCheckout;
beforeAll(() => {
  checkout = ownCheckout();
});
afterAll(() => {
  checkout.remove();
});

testUnless(missingForKmvm())(
  "vm up killed at any moment leaves nothing that gc does not remove, and succeeds the next time",
  async () => {
    const up = ["vm", "up", "--id", "torn", "--ttl", "30m"];
    const remove = ["vm", "delete", "vm-dev-torn"];
    const seed = seedOfRun();
    // The first one bundles the programs and fills caches.
    const durations: number[] = [];
    for (let run = 0; run < 2; run++) {
      const started = Date.now();
      const whole = await checkout.kmvm(...up);
      expect(whole).toEqual({ ...whole, code: 0 });
      durations.push(Date.now() - started);
      expect((await checkout.kmvm(...remove)).code).toBe(0);
    }
    const duration = Math.min(...durations);
    let killed = 0;
    for (const moment of killMoments(seed, kills, duration)) {
      const running = checkout.start(up);
      if ((await killAfter(running, moment)) === "ended") {
        expect((await checkout.kmvm(...remove)).code).toBe(0);
        continue;
      }
      killed++;
      const gc = await checkout.kmvm("gc", "--yes", "--now");
      const context = `seed ${seed}, killed after ${moment} ms of ${duration}\n${running.text()}\n${gc.stdout}${gc.stderr}`;
      expect({ context, code: gc.code, left: checkout.leftovers() }).toEqual({ context, code: 0, left: [] });
    }
    expect(killed).toBeGreaterThan(kills / 2);
    // Without gc in between: the command itself finds what was left.
    expect(await killAfter(checkout.start(up), duration / 2)).toBe("killed");
    const again = await checkout.kmvm(...up);
    expect(again).toEqual({ ...again, code: 0 });
    expect((await checkout.kmvm(...remove)).code).toBe(0);
    expect(checkout.leftovers()).toEqual([]);
  },
  timeoutMs,
);
