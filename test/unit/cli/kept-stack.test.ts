import { expect, test } from "@jest/globals";
import { askedOfKept } from "../../../cli/kept-stack";

test.each([
  ["another time limit", { spot: "false" }, { timeout: "1h" }, { timeout: "1h" }],
  ["spot, where none was to be had for it", { spot: "false" }, { spot: true, size: "a" }, { size: "a" }],
  ["the same as a text", { spot: "false" }, { spot: "true" }, {}],
  ["spot of one that is", { spot: "true" }, { spot: true }, { spot: true }],
  ["spot of one that never was to be", {}, { spot: true }, { spot: true }],
])("flags ask %s of a machine that is there", (_what, existing, flags, asked) => {
  expect(askedOfKept(existing, flags)).toEqual(asked);
});
