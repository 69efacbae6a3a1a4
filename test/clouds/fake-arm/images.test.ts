import { describe, expect, test } from "@jest/globals";
import { galleryVersion } from "../../../components/backends/azure/names";
import type { Facets } from "../../../components/backends/facets";
import { addMachine, addVersion, galleryId, version } from "./account";
import { refusal } from "./http";
import type { FakeArm } from "./server";
import { useAccount } from "./use-account";

let arm: FakeArm;
let facets: Facets;
useAccount((account) => {
  ({ arm, facets } = account);
});

describe("published versions", () => {
  const rows = async () =>
    ((await facets.images?.list("L0-base")) ?? []).map(({ version, promoted, inUse }) => ({
      version,
      promoted,
      inUse,
    }));
  const excluded = (local: string) =>
    (
      arm.state.get(`${galleryId}/images/L0-base/versions/${galleryVersion(local)}`)?.properties[
        "publishingProfile"
      ] as {
        excludeFromLatest: boolean;
      }
    ).excludeFromLatest;

  test("are in the order of their numbers, with what is promoted and what machines were made of", async () => {
    for (const one of [version(10), version(9), version(1)]) addVersion(arm, one);
    addMachine(arm);
    await facets.images?.promote("L0-base", version(9));
    expect(await rows()).toEqual([
      { version: version(1), promoted: false, inUse: true },
      { version: version(9), promoted: true, inUse: false },
      { version: version(10), promoted: false, inUse: false },
    ]);
  });

  test("are none of an image that was never published", async () => {
    expect(await rows()).toEqual([]);
  });

  test("are promoted by one change of a tag, and back", async () => {
    for (const one of [version(1), version(2)]) addVersion(arm, one);
    await facets.images?.promote("L0-base", version(1));
    await facets.images?.promote("L0-base", version(2));
    expect(arm.state.get(`${galleryId}/images/L0-base`)?.tags).toEqual({
      kept: "yes",
      "kmvm-promoted": version(2),
      "kmvm-previous": version(1),
    });
    expect(await facets.images?.list("L0-base")).toMatchObject([{ previous: true }, { previous: false }]);
    expect([excluded(version(1)), excluded(version(2))]).toEqual([false, false]);
    await facets.images?.promote("L0-base", version(1));
    // The bad one is not the latest for those either who ask for that.
    expect([excluded(version(1)), excluded(version(2))]).toEqual([false, true]);
    expect(arm.requests.filter((line) => line.startsWith("PATCH"))).toHaveLength(3);
  });

  test("that were promoted stay so where the promotion of another one fails", async () => {
    for (const one of [version(1), version(2)]) addVersion(arm, one);
    await facets.images?.promote("L0-base", version(1));
    arm.faults.push({ match: /^PUT/, times: 1, answer: refusal(409, "Conflict", "no") });
    await expect(facets.images?.promote("L0-base", version(2))).rejects.toThrow(/could not promote/);
    expect(await rows()).toMatchObject([{ promoted: true }, { promoted: false }]);
  });

  test("that are not whole, or not there, are not promoted", async () => {
    addVersion(arm, version(1), { provisioningState: "Creating" });
    for (const one of [version(1), version(2)])
      await expect(facets.images?.promote("L0-base", one)).rejects.toThrow(/no whole version/);
  });

  test("are removed, but for the promoted one and those that a machine was made of", async () => {
    for (const one of [version(1), version(2), version(3)]) addVersion(arm, one);
    addMachine(arm);
    await facets.images?.promote("L0-base", version(3));
    await expect(facets.images?.remove("L0-base", version(3))).rejects.toThrow(/is the promoted version/);
    await expect(facets.images?.remove("L0-base", version(1))).rejects.toThrow(/a machine was made of/);
    await facets.images?.remove("L0-base", version(2));
    await facets.images?.remove("L0-base", version(2));
    expect((await rows()).map(({ version }) => version)).toEqual([version(1), version(3)]);
  });
});
