import { UserError } from "../lib/errors";

/** What a stack is for: each has a program of its own in stacks/<kind>.ts. */
export const kinds = ["test", "vm", "l0"] as const;
export type Kind = (typeof kinds)[number];

/** Each has a file Pulumi.<profile>.yaml with its settings. */
export const profiles = ["ci", "dev"] as const;
export type Profile = (typeof profiles)[number];

export interface StackName {
  /** As the engine knows it: `test-ci-240`. */
  readonly full: string;
  readonly kind: Kind;
  readonly profile: Profile;
  readonly id: string;
}

const idPattern = /^[a-z0-9][a-z0-9-]{0,30}$/;

function isOneOf<T extends string>(allowed: readonly T[], value: string | undefined): value is T {
  return value !== undefined && (allowed as readonly string[]).includes(value);
}

/**
 * Reads `<kind>-<profile>-<id>`.
 * @throws UserError that names every part that is wrong, what is allowed, and an example
 */
export function parseStackName(full: string): StackName {
  const [kind, profile, ...rest] = full.split("-");
  const id = rest.join("-");
  const wrong: string[] = [];
  if (!isOneOf(kinds, kind)) wrong.push(`kind "${kind ?? ""}" is not one of ${kinds.join(", ")}`);
  if (!isOneOf(profiles, profile)) wrong.push(`profile "${profile ?? ""}" is not one of ${profiles.join(", ")}`);
  if (!idPattern.test(id)) wrong.push(`id "${id}" is not 1 to 31 of a-z, 0-9 and -, beginning with a letter or digit`);
  if (wrong.length === 0 && isOneOf(kinds, kind) && isOneOf(profiles, profile)) return { full, kind, profile, id };
  throw new UserError(
    `stack name "${full}" is not <kind>-<profile>-<id>: ${wrong.join("; ")}`,
    "choose a name such as test-ci-240 or test-dev-1",
  );
}
