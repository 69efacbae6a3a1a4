import { describe, expect, test } from "@jest/globals";
import { diagnosisOf } from "../../../cli/doctor-backend";
import { fits, quotaLines, quotaText } from "../../../cli/quota-rows";

const figure = { name: "standardDSv5Family", region: "westus2", unit: "vCPU", used: 46, limit: 48, needed: 4 };

describe("what a provider allows", () => {
  test("is told with the figures", () => {
    expect(quotaText(figure)).toBe("needs 4 vCPU of standardDSv5Family in westus2, 46 of 48 used");
  });

  test.each([
    [44, true],
    [45, false],
  ])("with %d of 48 used has room for 4: %p", (used, expected) => {
    expect(fits({ ...figure, used })).toBe(expected);
    expect(quotaLines([{ ...figure, used }])[1]?.includes("does not fit")).toBe(!expected);
  });
});

test("what a preflight finds is a diagnosis, with its fix where there is one", () => {
  expect(diagnosisOf({ name: "credentials", level: "fail", text: "none", fix: "log in" })).toEqual({
    ...{ check: "credentials", health: "fail", why: "none", todo: "log in" },
  });
  expect(diagnosisOf({ name: "sizes", level: "ok", text: "4 on offer" })).not.toHaveProperty("todo");
});
