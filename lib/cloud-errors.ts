import { ExitCode, UserError } from "./errors";

/** What a provider's refusal is about, which decides what can be done. */
export type CloudErrorKind =
  "settings" | "credentials" | "permission" | "quota" | "capacity" | "throttled" | "transient" | "bug";

/** One line of a backend's table: which refusals, what they are, what to do. */
export interface ErrorRule {
  /** Holds for one of the codes. At least one of `code` and `text` is given; where both are, both must hold. */
  readonly code?: RegExp;
  readonly text?: RegExp;
  readonly kind: CloudErrorKind;
  /** What to do about it. */
  readonly hint: string;
}

/** A refusal as a provider gives it. */
export interface CloudFailure {
  /** Codes of the error and of those inside it, outermost first. */
  readonly codes: readonly string[];
  readonly text: string;
}

export interface Classified {
  readonly kind: CloudErrorKind;
  readonly hint: string;
  /** The one that the rule is about, else the innermost. */
  readonly code?: string;
  /** That code, and the text. */
  readonly message: string;
}

const matches = ({ code, text }: ErrorRule, failure: CloudFailure): boolean =>
  (code === undefined || failure.codes.some((one) => code.test(one))) &&
  (text === undefined || text.test(failure.text));

/** The first rule that fits says what it is; where none does, it is a bug of ours. Pure. */
export function classify(rules: readonly ErrorRule[], failure: CloudFailure): Classified {
  const rule = rules.find((one) => matches(one, failure));
  const code = failure.codes.find((one) => rule?.code?.test(one)) ?? failure.codes.at(-1);
  const text = failure.text.trim();
  const message = code === undefined || text.includes(code) ? text : `${code}: ${text}`;
  return {
    kind: rule?.kind ?? "bug",
    hint: rule?.hint ?? "nothing is known about this error: please report it with the text above",
    ...(code === undefined ? {} : { code }),
    message,
  };
}

/** What a person did wrong is told as that; all else is the infrastructure's. */
const exitCodes: Record<CloudErrorKind, ExitCode> = {
  settings: ExitCode.Usage,
  credentials: ExitCode.Usage,
  permission: ExitCode.Usage,
  quota: ExitCode.Infrastructure,
  capacity: ExitCode.Infrastructure,
  throttled: ExitCode.Infrastructure,
  transient: ExitCode.Infrastructure,
  bug: ExitCode.Infrastructure,
};

export const exitCodeOfKind = (kind: CloudErrorKind): ExitCode => exitCodes[kind];

/** @param doing what failed, `could not list the machines in us-west-2` */
export function cloudUserError(doing: string, { kind, message, hint }: Classified): UserError {
  return new UserError(`${doing}: ${kind}: ${message}`, hint, exitCodes[kind]);
}
