import { afterAll, describe, expect, test } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { existsSync, lstatSync } from "node:fs";
import { dirname, join } from "node:path";
import { setupCheckout } from "../support/setup-checkout";

const rounds = 25;

describe("scripts/setup, with stand-ins for go, npm and kmvm, killed", () => {
  const checkout = setupCheckout();
  afterAll(() => {
    checkout.remove();
  });

  test(`${rounds} times at any moment: what is there is whole, and the next one goes on and finishes`, async () => {
    const whole = setupCheckout();
    const { seconds } = await whole.run();
    whole.remove();
    for (let round = 0; round < rounds; round += 1) {
      const setUp = checkout.start();
      await new Promise((resolve) => setTimeout(resolve, (seconds * 1000 * (round + 0.5)) / rounds));
      try {
        setUp.kill();
      } catch {
        // It had ended.
      }
      await setUp.ended;
      // The name that everything else uses exists only for an engine that answers.
      if (lstatSync(dirname(dirname(checkout.engine)), { throwIfNoEntry: false }))
        expect(execFileSync(checkout.engine, ["version"], { encoding: "utf8" })).toBe("v3.246.0\n");
    }
    expect((await checkout.run()).code).toBe(0);
    expect((await checkout.run()).text).toBe("");
    expect(existsSync(join(checkout.home, "images", "L0-base", "promoted", "manifest.json"))).toBe(true);
  }, 120_000);
});
