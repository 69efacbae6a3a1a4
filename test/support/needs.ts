import { test } from "@jest/globals";

/**
 * `test`, where `missing` is undefined; else it skips, and the name says why, which the run's summary lists.
 * @param missing completes "skipped: …", with what would have to be done
 */
export function testUnless(missing: string | undefined): typeof test | typeof test.skip {
  if (missing === undefined) return test;
  return Object.assign(
    ((name: string) => {
      test.skip(`${name} (skipped: ${missing})`, () => undefined);
    }) as typeof test.skip,
    { each: test.skip.each, failing: test.skip.failing },
  );
}
