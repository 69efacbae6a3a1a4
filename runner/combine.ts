import type { RunRequest } from "../lib/run-request";
import { counted } from "../lib/counted";
import { resultHead, type RunResult, type Verdict } from "../lib/run-result";

/** The result of a part of a run: of one directory, or of what was done before all of them. */
export interface Part {
  readonly directory: string | undefined;
  readonly result: RunResult;
}

/** What the whole is when one part is so, most important first. */
const weight: readonly Verdict[] = ["cancelled", "infra", "timeout", "fail", "pass"];

function messageOf(parts: readonly Part[], decisive: Part): string {
  const directories = parts.filter(({ directory }) => directory !== undefined);
  const { result, directory } = decisive;
  if (directory === undefined) return result.message;
  const cases = directories.reduce((sum, part) => sum + part.result.cases.length, 0);
  if (result.verdict === "pass")
    return `${counted(cases, "test")} passed in ${counted(directories.length, "directory", "directories")}`;
  const bad = directories.filter((part) => part.result.verdict !== "pass").length;
  return `${bad} of ${directories.length} directories did not pass; ${directory}: ${result.message}`;
}

/** One result for all parts. Pure but for the time. */
export function combineResults(
  request: RunRequest,
  evidence: string,
  startedAt: Date,
  parts: readonly Part[],
  warnings: readonly string[],
): RunResult {
  // Of those with the weightiest verdict the first: it is what a person would look at first.
  const ordered = [...parts].sort(
    (a, b) =>
      weight.indexOf(a.result.verdict) - weight.indexOf(b.result.verdict) ||
      Number(a.directory === undefined) - Number(b.directory === undefined),
  );
  const [decisive] = ordered;
  if (!decisive) throw new Error("a run has at least one part");
  const { verdict, reason, failedStep, consoleExcerpt } = decisive.result;
  const prefixed = ({ directory, result }: Part) =>
    result.warnings.map((warning) => (directory === undefined ? warning : `${directory}: ${warning}`));
  return {
    ...resultHead(request),
    ...{ verdict, reason },
    message: messageOf(parts, decisive),
    ...(failedStep === undefined ? {} : { failedStep }),
    cases: parts.flatMap(({ result }) => result.cases),
    steps: parts.flatMap(({ result }) => result.steps),
    consoleExcerpt,
    warnings: [...parts.flatMap(prefixed), ...warnings],
    evidence,
    startedAt: startedAt.toISOString(),
    finishedAt: new Date().toISOString(),
    spans: parts
      .flatMap(({ directory, result }) =>
        result.spans.map((span) => ({
          ...span,
          name: directory === undefined ? span.name : `${directory}: ${span.name}`,
        })),
      )
      .sort((a, b) => a.startMs - b.startMs),
  };
}
