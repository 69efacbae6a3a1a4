import { describe, expect, test } from "@jest/globals";
import { placesAfter, placesOf, placeText, settingsOfPlace } from "../../../lib/place";

const shown = (all: ReturnType<typeof placesOf>) => all.map(placeText);

describe("places", () => {
  test("are each size, where the provider chooses the zone", () => {
    expect(shown(placesOf({ sizes: ["a", "b"], zones: [], spot: false }))).toEqual(["a", "b"]);
  });

  test("are each size in each zone; as spot first, then on demand", () => {
    expect(shown(placesOf({ sizes: ["a"], zones: ["1", "2"], spot: true }))).toEqual([
      "a as spot in zone 1",
      "a as spot in zone 2",
      "a in zone 1",
      "a in zone 2",
    ]);
  });

  test("are six of a market at most, so that those on demand are reached", () => {
    const all = placesOf({ sizes: ["a", "b", "c", "d"], zones: ["1", "2", "3"], spot: true });
    expect(all.map(({ spot }) => spot)).toEqual([...Array<boolean>(6).fill(true), ...Array<boolean>(6).fill(false)]);
  });

  test("after one are those that come later; after the last none", () => {
    const all = placesOf({ sizes: ["a", "b"], zones: ["1"], spot: false });
    expect(shown(placesAfter(all, { size: "a", zone: "1", spot: false }))).toEqual(["b in zone 1"]);
    expect(placesAfter(all, { size: "b", zone: "1", spot: false })).toEqual([]);
  });

  test("are asked for by texts, as the engine's configuration holds them", () => {
    expect(settingsOfPlace({ size: "a", spot: false })).toEqual({ size: "a", spot: "false" });
    expect(settingsOfPlace({ size: "a", zone: "1", spot: true })).toEqual({ size: "a", spot: "true", zone: "1" });
  });
});
