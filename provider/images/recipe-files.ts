import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { codeOf, UserError } from "../../lib/errors";
import { filesOf, layerKey, parseRecipe, type Recipe } from "../../lib/recipe";

/** The builder's own scripts: what they do shows in the image, so they are part of its key. */
const builderScripts = [
  "scripts/image/build.sh",
  "scripts/image/disk.sh",
  ...["prepare.sh", "customize.sh", "run-scripts.sh"].map((name) => `scripts/image/hooks/${name}`),
];

/** A recipe with everything that it names, read once: what the key is made of is what is built. */
export interface LoadedRecipe {
  readonly recipe: Recipe;
  readonly key: string;
  /** Content by path relative to the checkout. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

async function recipeNames(root: string): Promise<string[]> {
  const files = await readdir(join(root, "recipes"));
  return files.filter((file) => file.endsWith(".yaml")).map((file) => file.slice(0, -".yaml".length));
}

async function readRecipe(root: string, name: string): Promise<Recipe> {
  const file = `recipes/${name}.yaml`;
  const known = await recipeNames(root);
  if (!known.includes(name))
    throw new UserError(`there is no recipe "${name}"; there are ${known.join(", ")}`, `write ${join(root, file)}`);
  const recipe = parseRecipe(await readFile(join(root, file), "utf8"), file);
  if (recipe.name !== name) throw new UserError(`${file} has the name "${recipe.name}"`, `write name: ${name}`);
  return recipe;
}

/** @throws UserError when there is no such recipe, it has mistakes, or files that it names are not there */
export async function loadRecipe(root: string, name: string): Promise<LoadedRecipe> {
  const recipe = await readRecipe(root, name);
  const files = new Map<string, Uint8Array>();
  const missing: string[] = [];
  for (const file of [...filesOf(recipe), ...builderScripts]) {
    try {
      files.set(file, await readFile(join(root, file)));
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
      missing.push(file);
    }
  }
  if (missing.length > 0)
    throw new UserError(`recipes/${name}.yaml names files that are not there: ${missing.join(", ")}`);
  return { recipe, files, key: layerKey(recipe, files) };
}

/** Key of the image that the recipe makes as it is now. */
export async function recipeKey(root: string, name: string): Promise<string> {
  return (await loadRecipe(root, name)).key;
}
