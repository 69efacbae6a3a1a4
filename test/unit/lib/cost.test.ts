import { describe, expect, test } from "@jest/globals";
import { actualUsd, estimateText, estimateUsd, isTooDear, usdText, type Rate } from "../../../lib/cost";

const rate: Rate = { what: "m8i.xlarge in us-west-2", hourlyUsd: 0.2, asOf: "2026-11-22" };
const unknown: Rate = { ...rate, hourlyUsd: undefined };

describe("what a run costs", () => {
  test.each([
    ["until it is removed, where that is before its expiry", { ttl: 7200, removedAfter: 1800 }, 0.1],
    ["until its expiry, where that is before its removal", { ttl: 900, removedAfter: 1800 }, 0.05],
    ["until its expiry, where it is kept", { ttl: 7200, removedAfter: undefined }, 0.4],
  ])("is counted %s", (_what, lifetime, usd) => {
    expect(estimateUsd(rate, lifetime)).toBeCloseTo(usd);
  });

  test("afterwards is by the clock", () => {
    expect(actualUsd(rate, "2026-01-01T00:00:00Z", Date.parse("2026-01-01T00:30:00Z"))).toBeCloseTo(0.1);
    expect(actualUsd(rate, "2026-01-01T00:00:00Z", Date.parse("2025-12-31T23:59:00Z"))).toBe(0);
  });

  test("is unknown, and never nothing, where no price is known", () => {
    const lifetime = { ttl: 3600, removedAfter: undefined };
    expect(estimateUsd(unknown, lifetime)).toBeUndefined();
    expect(actualUsd(unknown, "2026-01-01T00:00:00Z", 0)).toBeUndefined();
    expect(estimateText(unknown, lifetime)).toMatch(/^unknown: .*m8i\.xlarge/);
    expect(usdText(undefined)).toBe("unknown");
  });

  test("is told with what it is for and the day of the price", () => {
    expect(estimateText(rate, { ttl: 3600, removedAfter: undefined })).toMatch(
      /^at most \$0\.20: m8i\.xlarge in us-west-2 at \$0\.2 an hour \(price of 2026-11-22/,
    );
    expect(usdText(0.004)).toBe("less than $0.01");
  });

  test.each([
    [1, undefined, false],
    [undefined, undefined, false],
    [1, 2, false],
    [2.01, 2, true],
    [undefined, 2, true],
  ])("of %p with a limit of %p is too dear: %p", (estimate, most, expected) => {
    expect(isTooDear(estimate, most)).toBe(expected);
  });
});
