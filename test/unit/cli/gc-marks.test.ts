import { expect, test } from "@jest/globals";
import { sortByMark } from "../../../cli/gc-marks";
import type { Finding } from "../../../cli/gc-plan";

const finding = (key: string): Finding => ({ key, what: key, why: "", action: { kind: "remove-file", path: key } });
const keys = (findings: Finding[]) => findings.map(({ key }) => key);

test("what is found for the first time is only marked", () => {
  const { due, marked, marks } = sortByMark([finding("a")], {}, 1000);
  expect([keys(due), keys(marked), marks]).toEqual([[], ["a"], { a: 1000 }]);
});

test("what was marked less than a minute ago waits, with its first mark", () => {
  const { due, marks } = sortByMark([finding("a")], { a: 1000 }, 60_999);
  expect([keys(due), marks]).toEqual([[], { a: 1000 }]);
});

test("what was marked a minute ago is due", () => {
  expect(keys(sortByMark([finding("a"), finding("b")], { a: 1000 }, 61_000).due)).toEqual(["a"]);
});

test("what is no longer found is forgotten, so that it has to be marked anew", () => {
  expect(sortByMark([], { a: 1000 }, 2000).marks).toEqual({});
});
