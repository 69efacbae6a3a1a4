import { test } from "@jest/globals";

type Body = () => Promise<void> | void;

/**
 * `test`, where `missing` is undefined; else it skips, and the name says why, which the run's summary lists.
 * @param missing completes "skipped: …", with what would have to be done
 */
export function testUnless(missing: string | undefined): (name: string, body: Body, timeoutMs?: number) => void {
  return (name, body, timeoutMs) => {
    if (missing === undefined) test(name, body, timeoutMs);
    else test.skip(`${name} (skipped: ${missing})`, body, timeoutMs);
  };
}
