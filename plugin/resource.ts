import type { Properties } from "./values";

/** A property that `check` refuses, in words that a person can act on. */
export interface CheckFailure {
  readonly property: string;
  readonly reason: string;
}

export interface Checked {
  readonly inputs: Properties;
  readonly failures: readonly CheckFailure[];
}

export interface Difference {
  /** Properties whose change makes a new resource. */
  readonly replaces: readonly string[];
  /** Properties whose change is done in place. */
  readonly updates: readonly string[];
  /** Whether the old one must be gone before the new one is made. @default false */
  readonly deleteBeforeReplace?: boolean;
  /** The changes inside properties, `storageProfile.imageReference`: what `replaceOnChanges` of a program names. */
  readonly paths?: readonly { readonly path: string; readonly replaces: boolean }[];
}

export interface Made {
  readonly id: string;
  readonly properties: Properties;
}

/** The means to tell the user what is going on, and to hear that the user wants to stop. */
export interface Context {
  /** Shows a line beside the resource in the engine's display. */
  log(severity: "debug" | "info" | "warning" | "error", message: string): void;
  /** Shows a line that the next one replaces, as progress does. */
  status(message: string): void;
  /** Aborted when the engine cancels or is gone. */
  readonly signal: AbortSignal;
  readonly urn: string;
}

/**
 * A resource type of a plugin. Properties come without secret marks (they are put back onto outputs of the same name)
 * and, in `check`, may hold `unknownValue`.
 */
export interface ResourceType {
  /** Outputs that only doing it can tell: an update's preview shows them as unknown. @default none */
  readonly computed?: readonly string[];
  /** Whether every output is secret as soon as one input is, rather than outputs of a secret input's name. @default false */
  readonly secretsSpread?: boolean;
  /** Fills, before `check`, what follows from the resource's own name in the program. Absent: nothing does. */
  complete?(news: Properties, olds: Properties, urn: string): Properties;
  /** Fills defaults and reports every mistake; starts nothing. `olds` are the inputs of the last success, if any. */
  check(news: Properties, olds: Properties): Checked | Promise<Checked>;
  /** `olds` are the inputs of the last success. Absent: any changed input replaces. */
  diff?(olds: Properties, news: Properties, oldOutputs: Properties): Difference;
  /** Throws `HalfMade` when something exists already. */
  create(inputs: Properties, context: Context): Promise<Made>;
  /** undefined: it is gone. Absent: what the state says is true. */
  read?(
    id: string,
    outputs: Properties,
    inputs: Properties,
  ): Promise<{ outputs: Properties; inputs: Properties } | undefined>;
  /** `olds` are the outputs so far. Also called, without a change, to mend what a `HalfMade` create left. */
  update?(id: string, olds: Properties, news: Properties, context: Context): Promise<Properties>;
  /** Succeeds also when there is nothing any more. Absent: nothing exists outside the state. */
  delete?(id: string, outputs: Properties, context: Context): Promise<void>;
}

/** A create or update that failed after it had made something: the engine keeps the id, so that destroy removes it. */
export class HalfMade extends Error {
  override readonly name = "HalfMade";

  constructor(
    readonly id: string,
    readonly properties: Properties,
    readonly reasons: readonly string[],
  ) {
    super(reasons.join("; "));
  }
}
