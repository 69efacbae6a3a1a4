import { createHash } from "node:crypto";
import { parse } from "yaml";
import { z } from "zod";
import { UserError } from "./errors";

/** Change it when the builder makes something else of the same recipe, and its scripts do not show it. */
const builderGeneration = 1;

const path = z
  .string()
  .regex(/^[A-Za-z0-9._/-]+$/, "a path relative to the checkout")
  .refine((value) => !value.startsWith("/") && !value.split("/").includes(".."), "a path inside the checkout");

const recipeSchema = z.strictObject({
  /** Name of the image, and of the recipe's file. */
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,40}$/, "letters, digits, . _ and -"),
  /** Debian release. */
  suite: z.string().regex(/^[a-z][a-z-]*$/, "the name of a Debian release, such as bookworm"),
  /** Virtual size of the disk, MiB. A machine's disk is at least as large. */
  diskMiB: z.number().int().min(512).max(65536),
  packages: z.array(z.string().regex(/^[a-z0-9][a-z0-9+.-]+$/, "the name of a Debian package")).min(1),
  /** Scripts that run inside the root before `packages` are installed, in this order. */
  prepare: z.array(path).default([]),
  /** Scripts that run inside the root when they are, in this order. */
  scripts: z.array(path).min(1),
  /** Program that judges a running machine of the image. */
  checks: path,
});

/** What an image is made of: data; the files that it names are given beside it. */
export type Recipe = z.infer<typeof recipeSchema>;

/**
 * @param file where the text is from, for messages
 * @throws UserError that lists every mistake, with its place, and what is allowed there
 */
export function parseRecipe(text: string, file: string): Recipe {
  let data: unknown;
  try {
    data = parse(text);
  } catch (error) {
    throw new UserError(`${file} is not YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
  const result = recipeSchema.safeParse(data);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `  ${issue.path.join(".") || "(top)"}: ${issue.message}`);
  throw new UserError(`${file} is not a recipe:\n${problems.join("\n")}`, "see recipes/L0-base.yaml for an example");
}

/** Every file that the image depends on, relative to the checkout, each once. */
export function filesOf(recipe: Recipe): string[] {
  return [...new Set([...recipe.prepare, ...recipe.scripts, recipe.checks])];
}

/**
 * What an image is, as 64 hexadecimal digits: the same key means that there is nothing to build. It follows from the
 * recipe's data and the bytes of its files.
 *
 * @param files content of each file of `filesOf`, and of the builder's own scripts
 */
export function layerKey(recipe: Recipe, files: ReadonlyMap<string, Uint8Array>): string {
  const hash = createHash("sha256");
  // Lengths first, so that no two different inputs are the same bytes.
  const add = (part: string | Uint8Array) => hash.update(`${part.length}:`).update(part);
  add(String(builderGeneration));
  // Of an image that it builds on, which none does: without it, all images that are there would be built anew.
  add("");
  add(JSON.stringify(recipe));
  for (const name of [...files.keys()].sort()) {
    add(name);
    add(files.get(name) ?? "");
  }
  return hash.digest("hex");
}
