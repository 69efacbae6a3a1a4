import { describe, expect, test } from "@jest/globals";
import { UserError } from "../../../lib/errors";
import type { Context } from "../../../plugin/resource";
import { unknownValue } from "../../../plugin/values";
import { image, type BuiltImage } from "../../../provider/image";

const version1: BuiltImage = { name: "L0-base", version: "20260101.1-aaaaaaaaaaaa", key: "aaaa", folder: "/i/1" };

function imageWith(currentKey: string, stored: BuiltImage[] = [version1]) {
  return image({
    recipeKey: (recipe) =>
      recipe === "L0-base"
        ? Promise.resolve(currentKey)
        : Promise.reject(new UserError(`there is no recipe "${recipe}"`, "write it")),
    buildAndPromote: (_, { log }) => {
      log("building");
      return Promise.resolve({ ...version1, key: currentKey });
    },
    findVersion: (name, version) => Promise.resolve(stored.find((one) => one.name === name && one.version === version)),
  });
}

function contextThatHears(said: string[]): Context {
  const { signal } = new AbortController();
  return { log: (_, line) => said.push(line), status: () => undefined, signal, urn: "" };
}

describe("an image", () => {
  test("shows a change exactly when what it is made from has another key", async () => {
    const type = imageWith("bbbb");
    const { inputs, failures } = await type.check({ recipe: "L0-base" }, {});
    expect(failures).toEqual([]);
    expect(type.diff?.({ recipe: "L0-base", key: "bbbb" }, inputs, {})).toEqual({ replaces: [], updates: [] });
    expect(type.diff?.({ recipe: "L0-base", key: "aaaa" }, inputs, {})).toEqual({ replaces: [], updates: ["key"] });
    expect(type.diff?.({ recipe: "L1-base", key: "bbbb" }, inputs, {})).toMatchObject({ replaces: ["recipe"] });
  });

  test("of a recipe that is not there is refused with what to do", async () => {
    const { failures } = await imageWith("a").check({ recipe: "L9" }, {});
    expect(failures).toEqual([{ property: "recipe", reason: 'there is no recipe "L9"\n  write it' }]);
  });

  test("lets a recipe pass that is not known yet", async () => {
    expect((await imageWith("a").check({ recipe: unknownValue }, {})).failures).toEqual([]);
  });

  test("is built by create and by update, and tells how it goes", async () => {
    const said: string[] = [];
    const type = imageWith("aaaa");
    const { id, properties } = await type.create({ recipe: "L0-base", key: "aaaa" }, contextThatHears(said));
    expect(id).toBe("L0-base");
    expect(properties).toMatchObject({ version: version1.version, key: "aaaa", folder: "/i/1" });
    expect(await type.update?.(id, {}, { recipe: "L0-base" }, contextThatHears(said))).toMatchObject({
      folder: "/i/1",
    });
    expect(said).toEqual(["building", "building"]);
  });

  test("is gone when its version is not in the store", async () => {
    const outputs = { version: version1.version };
    expect(await imageWith("a").read?.("L0-base", outputs, {})).toMatchObject({ outputs: { folder: "/i/1" } });
    expect(await imageWith("a", []).read?.("L0-base", outputs, {})).toBeUndefined();
  });

  test("leaves its versions in the store when it is deleted, and says so", async () => {
    const said: string[] = [];
    await imageWith("a").delete?.("L0-base", {}, contextThatHears(said));
    expect(said.join()).toMatch(/stay in the store; kmvm image prune/);
  });
});
