import type { RunResult } from "../lib/run-result";

const most = { cases: 200, message: 500, excerptLines: 80, line: 300, warnings: 30 };

const cut = (text: string, length: number) => (text.length > length ? `${text.slice(0, length)}…` : text);

/** A result as it goes into the engine's state: failed cases first, texts cut. All of it is in result.json. */
export function smallResult(result: RunResult): RunResult {
  const order = { failed: 0, skipped: 1, passed: 2 } as const;
  const cases = [...result.cases].sort((a, b) => order[a.outcome] - order[b.outcome]).slice(0, most.cases);
  const left = result.cases.length - cases.length;
  return {
    ...result,
    message: cut(result.message, 2 * most.message),
    cases: cases.map((one) => (one.message ? { ...one, message: cut(one.message, most.message) } : one)),
    consoleExcerpt: result.consoleExcerpt.slice(0, most.excerptLines).map((line) => cut(line, most.line)),
    warnings: [
      ...result.warnings.slice(0, most.warnings).map((line) => cut(line, most.line)),
      ...(left > 0 ? [`${left} more tests are only in ${result.evidence}/result.json`] : []),
    ],
  };
}
