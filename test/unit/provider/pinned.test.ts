import { expect, test } from "@jest/globals";
import type { Context } from "../../../plugin/resource";
import { pinned } from "../../../provider/pinned";

const inputs = { subject: "L0-base", current: "20260101.1-0123456789ab" };

test("a pinned choice is what it meant at its creation, and another one only when something else is asked for", async () => {
  const { properties } = await pinned.create(inputs, {} as Context);
  expect(properties).toEqual({ ...inputs, value: inputs.current });
  const later = { ...inputs, current: "20260101.2-0123456789ab" };
  expect(pinned.diff?.(inputs, later, properties)).toEqual({ replaces: [], updates: [] });
  expect(pinned.diff?.(inputs, { ...later, subject: "L0-base@x" }, properties)).toEqual({
    replaces: ["subject"],
    updates: [],
  });
});

test("a choice of nothing is refused", async () => {
  expect((await pinned.check({ subject: "L0-base", current: "" }, {})).failures).toMatchObject([
    { property: "current" },
  ]);
});
