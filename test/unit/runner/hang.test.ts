import { expect, test } from "@jest/globals";
import { untilHang } from "../../../runner/hang";

/** A clock whose sleeps take as long as asked for, but for one. @param lost what that one takes more, milliseconds */
function clockThatLoses(lost: number, atMs: number) {
  let now = 0;
  return {
    now: () => now,
    sleep: (ms: number) => {
      now += ms + (now <= atMs && atMs < now + ms ? lost : 0);
      return Promise.resolve();
    },
  };
}

async function hangAfter(lost: number, lastHeard: number): Promise<number> {
  const clock = clockThatLoses(lost, 10_000);
  await untilHang(120, [() => lastHeard], new AbortController().signal, clock);
  return clock.now();
}

test("a guest of which nothing is heard hangs after that time", async () => {
  expect(await hangAfter(0, 0)).toBe(120_000);
});

test("what was heard last counts", async () => {
  expect(await hangAfter(0, 60_000)).toBe(180_000);
});

test("hours in which this host slept are nobody's silence; those after them are", async () => {
  const hours = 3 * 3600_000;
  expect(await hangAfter(hours, 9000)).toBe(10_500 + hours + 120_000);
});

test("a host that is slow is no host that sleeps", async () => {
  expect(await hangAfter(4000, 0)).toBe(120_000);
});
