import ms from "ms";
import { z } from "zod";
import { bringsCredentials, isRepositoryUrl } from "../lib/repository-url";
import { sourceSchema } from "../lib/run-request";

/**
 * How values of settings are written. Every schema takes the text that the engine's configuration holds as well as
 * the value that a YAML profile holds.
 */

export const integer = (from: number, to: number) => z.coerce.number().int().min(from).max(to);

/** NaN: it is no time. */
function seconds(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  // ms throws for an empty text and for a very long one.
  return /^\d{1,12}(\.\d{1,12})? ?[a-z]{1,12}$/i.test(text) ? ms(text as ms.StringValue) / 1000 : NaN;
}

/** `90`, `"90"` (seconds), `"45s"`, `"30m"`, `"2h"` -> seconds. */
export const duration = (from: number, to: number) =>
  z
    .union([z.number(), z.string()])
    .transform((value) => seconds(String(value)))
    .pipe(z.number().min(from).max(to));

export const text = (pattern: RegExp) => z.string().regex(pattern);

/** An object, or its JSON text. */
export const jsonText = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => {
    if (typeof value !== "string") return value;
    try {
      return JSON.parse(value) as unknown;
    } catch {
      return value;
    }
  }, schema);

/** `[a, b]`, its JSON text, or `"a b"`, each element of `element`. */
export const list = <T extends z.ZodType>(element: T) =>
  jsonText(
    z.preprocess(
      (value) => (typeof value === "string" ? value.split(/[\s,]+/).filter(Boolean) : value),
      z.array(element).min(1).max(64),
    ),
  );

/** Names of environment variables and their values, one line each. */
export const environment = jsonText(
  z.record(
    z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/),
    z.coerce.string().refine((value) => !/[\0\n\r]/.test(value)),
  ),
);

/** A relative path that stays in its tree and that no shell or make can take for anything else. */
export const treePath = z
  .string()
  .regex(/^[A-Za-z0-9._][A-Za-z0-9._/+@-]*$/)
  .refine((path) => !path.split("/").includes(".."));

/** A repository's URL, or a directory of this host. */
export const source = z
  .string()
  .regex(/^[^\0\n\r]+$/)
  .refine((value) => !bringsCredentials(value))
  .transform((value) =>
    sourceSchema.parse(
      isRepositoryUrl(value) ? { kind: "repository", url: value } : { kind: "directory", path: value },
    ),
  );
