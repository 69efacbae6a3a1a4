import type { Checked, CheckFailure } from "../plugin/resource";
import { hasUnknown, type Properties } from "../plugin/values";

/** What a property must be. */
export interface Rule {
  /** Completes "…, allowed: ". */
  readonly allowed: string;
  readonly test: (value: unknown) => boolean;
  /** @default true */
  readonly required?: boolean;
  /** Whether the value must not appear in a message. @default false */
  readonly secret?: boolean;
}

export const text = (pattern: RegExp, allowed: string): Rule => ({
  allowed,
  test: (value) => typeof value === "string" && pattern.test(value),
});

export const integer = (least: number, most: number, unit: string): Rule => ({
  allowed: `${least} to ${most} ${unit}`,
  test: (value) => typeof value === "number" && Number.isInteger(value) && value >= least && value <= most,
});

export const oneOf = (values: readonly string[]): Rule => ({
  allowed: values.join(", "),
  test: (value) => typeof value === "string" && values.includes(value),
});

export const flag: Rule = { allowed: "true, false", test: (value) => typeof value === "boolean" };

export const date: Rule = {
  allowed: "a time as 2026-01-31T12:00:00Z",
  test: (value) => typeof value === "string" && !Number.isNaN(Date.parse(value)),
};

/** Holds every property against its rule: all mistakes at once. A value that is not known yet passes. */
export function checkRules(rules: Readonly<Record<string, Rule>>, news: Properties): Checked {
  const failures: CheckFailure[] = [];
  for (const [property, { allowed, test, required = true, secret = false }] of Object.entries(rules)) {
    const value = news[property];
    if (value === undefined || value === null) {
      if (required) failures.push({ property, reason: `${property} is missing, allowed: ${allowed}` });
    } else if (!hasUnknown(value) && !test(value))
      failures.push({
        property,
        reason: `${property} is ${secret ? "wrong" : JSON.stringify(value)}, allowed: ${allowed}`,
      });
  }
  // The engine adds properties of its own, with two underscores.
  for (const property of Object.keys(news))
    if (!(property in rules) && !property.startsWith("__"))
      failures.push({
        property,
        reason: `there is no property ${property}; there are ${Object.keys(rules).join(", ")}`,
      });
  return { inputs: news, failures };
}
