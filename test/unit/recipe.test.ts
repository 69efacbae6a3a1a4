import { describe, expect, test } from "@jest/globals";
import { filesOf, layerKey, parseRecipe } from "../../lib/recipe";

const text = `
name: L0-base
suite: bookworm
diskMiB: 4096
packages: [gcc, make]
prepare: [scripts/a.sh]
scripts: [scripts/b.sh, scripts/a.sh]
checks: scripts/checks.sh
`;
const recipe = parseRecipe(text, "recipes/L0-base.yaml");
const contents = (changed: Record<string, string> = {}) =>
  new Map(
    Object.entries({ "scripts/a.sh": "a", "scripts/b.sh": "b", "scripts/checks.sh": "c", ...changed }).map(
      ([name, content]) => [name, Buffer.from(content)] as const,
    ),
  );
const key = layerKey(recipe, contents());

describe("a recipe", () => {
  test("names each of its files once", () => {
    expect(filesOf(recipe)).toEqual(["scripts/a.sh", "scripts/b.sh", "scripts/checks.sh"]);
  });

  test("with several mistakes is refused with all of them, each with its place", () => {
    const wrong =
      "name: ../x\nsuite: bookworm\ndiskMiB: 1\npackages: ['--evil']\nscripts: [/etc/passwd]\nchecks: a\nmore: 1";
    expect(() => parseRecipe(wrong, "recipes/x.yaml")).toThrow(
      /^recipes\/x\.yaml is not a recipe:(?=[^]*name: )(?=[^]*diskMiB: )(?=[^]*packages\.0: )(?=[^]*scripts\.0: )(?=[^]*more)/,
    );
  });

  test("may not name a file outside the checkout", () => {
    expect(() => parseRecipe(text.replace("scripts/checks.sh", "scripts/../../checks.sh"), "r")).toThrow("checks:");
  });

  test("that is not YAML is refused by the name of its file", () => {
    expect(() => parseRecipe("a: [", "recipes/x.yaml")).toThrow(/^recipes\/x\.yaml is not YAML/);
  });
});

describe("the key of an image", () => {
  test("is the same for the same recipe, however its text is laid out", () => {
    const other = parseRecipe(text.replace("[gcc, make]", "\n  - gcc # a compiler\n  - make"), "r");
    expect(layerKey(other, contents())).toBe(key);
  });

  test.each([
    ["the bytes of a script", recipe, contents({ "scripts/a.sh": "A" })],
    ["the name of a file", recipe, contents({ "scripts/d.sh": "" })],
    ["the packages", { ...recipe, packages: ["gcc"] }, contents()],
    ["the order of the scripts", { ...recipe, scripts: [...recipe.scripts].reverse() }, contents()],
    ["the size of the disk", { ...recipe, diskMiB: 8192 }, contents()],
  ])("changes with %s", (_what, changed, files) => {
    expect(layerKey(changed, files)).not.toBe(key);
  });

  test("stays what it is: another one would have every image built anew", () => {
    expect(key).toBe("469001db94f77a728d0954c4de9de2a4702d1b7d2e00d301c37a5c9264853077");
  });

  test("tells bytes that moved from one script to the next", () => {
    expect(layerKey(recipe, contents({ "scripts/a.sh": "ab", "scripts/b.sh": "" }))).not.toBe(key);
  });
});
