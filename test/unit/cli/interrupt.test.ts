import { expect, test } from "@jest/globals";
import { endingWith } from "../../../cli/interrupt";

test("what a command has started ends with it, but for what has a session of its own, and what that has started", () => {
  const processes = new Map([
    [1, { parent: 0, session: 1 }],
    [10, { parent: 1, session: 5 }],
    [11, { parent: 10, session: 5 }],
    [12, { parent: 11, session: 5 }],
    [20, { parent: 10, session: 20 }],
    [21, { parent: 20, session: 20 }],
    [30, { parent: 1, session: 5 }],
  ]);
  expect(endingWith(10, processes)).toEqual([11, 12]);
});
