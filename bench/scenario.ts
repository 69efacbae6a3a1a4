import type { Samples } from "./statistics";

/** Where a measurement works. */
export interface Lab {
  readonly root: string;
  /** $KMVM_HOME with an engine and a promoted image. */
  readonly home: string;
  /** Folder of its own, removed at the end. */
  readonly scratch: string;
}

/** Something that is done again and again; every round gives one sample for each of its figures. */
export interface Scenario {
  /** Ids of the figures that it gives, beside the spans. */
  readonly ids: readonly string[];
  readonly rounds?: number;
  /** What to install before it can be measured; absent or undefined: nothing. */
  readonly missing?: () => string | undefined;
  readonly round: (lab: Lab) => Promise<Samples>;
  /** Undoes what the rounds left. */
  readonly close?: (lab: Lab) => Promise<void>;
}
