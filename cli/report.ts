import type { MachineSummary } from "../components/backends/facets";
import { messageOf } from "../lib/errors";
import type { RunResult, Verdict } from "../lib/run-result";
import type { StackName } from "../stacks/name";
import type { Terminal } from "./terminal";

const paint: Record<Verdict, "green" | "red" | "magenta" | "yellow"> = {
  pass: "green",
  fail: "red",
  timeout: "red",
  infra: "magenta",
  cancelled: "yellow",
};

const shownCases = 20;

/** The end of a run, for a person. */
export function showResult(terminal: Terminal, result: RunResult): void {
  const { colors } = terminal;
  terminal.line("");
  terminal.line(`${colors.bold(colors[paint[result.verdict]](result.verdict.toUpperCase()))}  ${result.message}`);
  const failed = result.cases.filter(({ outcome }) => outcome === "failed");
  for (const { suite, name } of failed.slice(0, shownCases)) terminal.step("failed", `${suite}: ${name}`);
  if (failed.length > shownCases) terminal.step("failed", `and ${failed.length - shownCases} more, see junit.xml`);
  for (const line of result.consoleExcerpt.slice(0, shownCases)) terminal.step("console", line);
  for (const warning of result.warnings) terminal.warn(warning);
  terminal.step("evidence", result.evidence);
}

/** What resources failed with, the first cause first; the run itself is none of them. Pure. */
export function causesIn(errors: readonly string[]): string[] {
  return errors.filter((message) => message !== "update failed");
}

/** An update that failed with something else than the tests: what the engine said. @param outcome what became of the run */
export function showEngineFailure(
  terminal: Terminal,
  errors: readonly string[],
  failure: unknown,
  outcome = "the run did not start",
): void {
  const causes = causesIn(errors);
  terminal.line("");
  terminal.line(`${terminal.colors.bold(terminal.colors.magenta("INFRA"))}  ${outcome}`);
  const unknown = failure === undefined ? "the engine calls it a success, but there is no result" : messageOf(failure);
  for (const cause of causes.length > 0 ? causes : [unknown]) terminal.line(cause);
}

/** How to get into a kept machine, how to replay the tests there, and until when. */
export function showKept(terminal: Terminal, stack: StackName, machine: MachineSummary | undefined): void {
  if (!machine) {
    terminal.step("kept", `as far as is known; kmvm ls tells; remove it with: kmvm vm delete ${stack.full}`);
    return;
  }
  terminal.step("kept", `until ${machine.expiresAt}; remove it with: kmvm vm delete ${stack.full}`);
  terminal.line(`kmvm ssh ${stack.full}`);
  terminal.line(`kmvm exec ${stack.full} -- km-test`);
}
