import { sanitizeLines, sanitizeText } from "./sanitize";
import type { TestCase } from "./run-result";

/** Cases are read up to here; files of a guest have no bounds of their own. */
export const mostCases = 20_000;
const longestName = 300;
const longestMessage = 4000;

const shorten = (text: string, length: number) => (text.length > length ? `${text.slice(0, length)}…` : text);

/** A case with texts of a stranger, made safe to show and of bounded length. */
export function makeCase(
  found: Omit<TestCase, "message" | "seconds"> & { seconds?: number; message?: string },
): TestCase {
  const { seconds, message } = found;
  return {
    suite: shorten(sanitizeText(found.suite), longestName),
    name: shorten(sanitizeText(found.name), longestName),
    outcome: found.outcome,
    ...(seconds !== undefined && Number.isFinite(seconds) && seconds >= 0 ? { seconds } : {}),
    ...(message ? { message: shorten(sanitizeLines(message).trim(), longestMessage) } : {}),
  };
}
