import type { CliContext } from "./context";

/** warn: works, but worse than it could; fail: tests cannot run on this host. */
export type Health = "ok" | "warn" | "fail";

export interface Diagnosis {
  readonly health: Health;
  /** What was seen, one sentence. */
  readonly why: string;
  /** What to do about it. */
  readonly todo?: string;
}

/** One thing that is looked at. */
export interface Check {
  readonly name: string;
  look(context: CliContext): Promise<Diagnosis | readonly Diagnosis[]>;
}

export const ok = (why: string): Diagnosis => ({ health: "ok", why });
export const warn = (why: string, todo: string): Diagnosis => ({ health: "warn", why, todo });
export const fail = (why: string, todo: string): Diagnosis => ({ health: "fail", why, todo });
