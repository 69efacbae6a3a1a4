import type { RunResult } from "../lib/run-result";

const shownCases = 20;

/**
 * Says in a few lines what became of a run.
 * @param json a RunResult of our own making: it is not validated again, since this must start quickly
 * @returns 0 only for a pass
 */
export function tellVerdict(json: string, print: (line: string) => void): number {
  const result = JSON.parse(json) as RunResult;
  const failed = result.cases.filter((one) => one.outcome === "failed");
  print(`${result.verdict}: ${result.message}`);
  for (const { suite, name } of failed.slice(0, shownCases)) print(`  failed: ${suite}: ${name}`);
  if (failed.length > shownCases) print(`  and ${failed.length - shownCases} more`);
  if (result.verdict === "infra") for (const line of result.consoleExcerpt.slice(-5)) print(`  console: ${line}`);
  for (const warning of result.warnings.slice(0, 5)) print(`  warning: ${warning}`);
  print(`evidence: ${result.evidence}`);
  return result.verdict === "pass" ? 0 : 1;
}
