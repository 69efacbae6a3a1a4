import type { StackName } from "./name";

/** Whose settings are read: how problems name it, and how whoever reads of one mends it. */
export interface Subject {
  /** Completes "problems with the settings of": `test-ci-240`. */
  readonly name: string;
  /** Where what is laid over the profile comes from. */
  readonly configuration: string;
  /** How a setting is given there: a command. */
  readonly give: (key: string) => string;
  /** Told after the problems. */
  readonly hint?: string;
}

/** The settings of a stack. */
export function stackSubject({ full }: Pick<StackName, "full">): Subject {
  return {
    name: full,
    configuration: "configuration of the stack",
    give: (key) => `pulumi config set -s ${full} kmvm:${key} …`,
    hint: "nothing was created",
  };
}
