import type { Problem } from "../components/backends/backend";
import { counted } from "../lib/counted";
import { UserError } from "../lib/errors";
import type { Subject } from "./subject";

/** A problem, and where the value comes from, where the problem itself does not say. */
export type TracedProblem = Problem & { readonly from?: string };

/** All problems in one message, a line each. */
export function problemsError(problems: readonly TracedProblem[], { name, hint }: Subject): UserError {
  const lines = problems.map(({ key, value, allowed, fix, from }) => {
    const origin = from === undefined ? "" : ` (from ${from})`;
    const shown = value === undefined ? "is missing" : `is ${JSON.stringify(value)}${origin}`;
    return `  ${key} ${shown}; allowed: ${allowed}; to mend it: ${fix}`;
  });
  return new UserError(
    `${counted(problems.length, "problem")} with the settings of ${name}:\n${lines.join("\n")}`,
    hint,
  );
}
