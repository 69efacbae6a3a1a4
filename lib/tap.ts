import { Parser, type FinalResults, type Result } from "tap-parser";
import type { TestCase } from "./run-result";
import { makeCase, mostCases } from "./test-cases";

/** TAP's own rules: a case to be done later may fail, one that is skipped did not run. */
function outcomeOf({ ok, skip, todo }: Result): TestCase["outcome"] {
  if (skip !== false || (todo !== false && !ok)) return "skipped";
  return ok ? "passed" : "failed";
}

/** A plan without tests that says why: they were left out on purpose, which is not the same as that there are none. */
const skipsAll = /^1\.\.0\s*#\s*skip\w*:?[ \t]*(.*)$/im;

function skippedAll(text: string, suite: string): TestCase[] {
  const match = skipsAll.exec(text);
  return match ? [makeCase({ suite, name: "all tests", outcome: "skipped", message: match[1] ?? "" })] : [];
}

/** What the file promised and did not keep. */
function broken(suite: string, results: FinalResults): TestCase[] {
  const missing = results.plan.end === null || results.plan.skipAll ? 0 : results.plan.end - results.count;
  const cases: TestCase[] = [];
  const add = (name: string, message: string) => cases.push(makeCase({ suite, name, outcome: "failed", message }));
  if (results.bailout !== false) add("bail out", results.bailout === true ? "bailed out" : results.bailout);
  else if (missing > 0) add("tests that did not run", `${missing} of the ${results.plan.end ?? 0} planned tests`);
  return cases;
}

/**
 * The cases of a TAP file, with the comments behind a failed one as its message.
 * @param suite name of what the file is about
 * @throws when it has neither a plan nor a case
 */
export function parseTap(text: string, suite: string): TestCase[] {
  const found: { result: Result; comments: string[] }[] = [];
  let final: FinalResults | undefined;
  const parser = new Parser();
  parser.on("assert", (result: Result) => {
    if (found.length < mostCases) found.push({ result, comments: [] });
  });
  parser.on("comment", (comment: string) => found.at(-1)?.comments.push(comment.replace(/^# ?/, "").trimEnd()));
  parser.on("complete", (results: FinalResults) => (final = results));
  // The parser's lines end where "." of a regular expression does not match, and what comes after such an end is lost.
  parser.end(text.replace(/\r(?!\n)|[\u2028\u2029]/g, " "));
  // Where there is nothing, the parser makes up a plan of its own.
  const planned = /^\d+\.\.\d+/m.test(text);
  if (!final || (found.length === 0 && !planned && final.bailout === false))
    throw new Error("there is neither a plan nor a test in it");
  const cases = found.map(({ result, comments }) => {
    const outcome = outcomeOf(result);
    const reason = [result.skip, result.todo].filter((one) => typeof one === "string");
    return makeCase({
      suite,
      name: result.name || `test ${result.id}`,
      outcome,
      ...(typeof result.time === "number" ? { seconds: result.time / 1000 } : {}),
      message: outcome === "passed" ? "" : [...reason, ...comments].join("\n"),
    });
  });
  const whole = cases.length === 0 ? skippedAll(text, suite) : cases;
  return [...whole, ...broken(suite, final)];
}
