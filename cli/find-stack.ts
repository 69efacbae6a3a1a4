import { UserError } from "../lib/errors";
import type { MachineSummary } from "../components/backends/facets";

/** Nothing of that name exists, as far as is known here. */
export class NoSuchStack extends UserError {}

/**
 * Pure: the stack that a person means by a stack's name, a machine's, or the beginning of one.
 * @throws NoSuchStack that lists what there is; UserError that lists what an ambiguous name can mean
 */
export function matchStack(given: string, stacks: readonly string[], machines: readonly MachineSummary[]): string {
  if (stacks.includes(given) || machines.some(({ stack }) => stack === given)) return given;
  const named = [
    ...stacks.map((stack) => ({ name: stack, stack })),
    ...machines.map(({ id, stack }) => ({ name: id, stack })),
  ];
  const exact = named.find(({ name }) => name === given);
  if (exact) return exact.stack;
  const matches = [...new Set(named.filter(({ name }) => name.startsWith(given)).map(({ stack }) => stack))].sort();
  const [only, ...others] = matches;
  if (only !== undefined && others.length === 0) return only;
  if (only !== undefined) throw new UserError(`"${given}" can mean ${matches.join(", ")}`, "write more of the name");
  const known = [...new Set(named.map(({ stack }) => stack))].sort();
  throw new NoSuchStack(
    `there is no stack and no machine "${given}"${known.length > 0 ? `; there are ${known.join(", ")}` : "; there are none"}`,
    "see `kmvm ls`",
  );
}
