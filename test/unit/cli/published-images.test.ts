import { describe, expect, test } from "@jest/globals";
import type { ChosenBackend } from "../../../cli/chosen-backend";
import {
  imagesOf,
  planPublishedPrune,
  promotePublished,
  prunePublished,
  publishedLines,
  rollbackPublished,
} from "../../../cli/published-images";
import type { ImageVersions, PublishedVersion } from "../../../components/backends/facets";

const published = (version: string, given: Partial<PublishedVersion> = {}): PublishedVersion => ({
  ...{
    version,
    id: `ami-${version}`,
    promoted: false,
    previous: false,
    createdAt: "2026-11-24T10:00:00Z",
    inUse: false,
  },
  ...given,
});

/** A place that holds versions 1 to 6, of which 4 is promoted, and 2 was before it. */
function place(promoted = "4", before = "2", used: readonly string[] = []) {
  let versions = ["1", "2", "3", "4", "5", "6"].map((version) =>
    published(version, {
      ...{ promoted: version === promoted, previous: version === before, inUse: used.includes(version) },
    }),
  );
  const images: ImageVersions = {
    list: () => Promise.resolve(versions),
    promote: (_name, version) => {
      versions = versions.map((one) => ({ ...one, promoted: one.version === version, previous: one.promoted }));
      return Promise.resolve();
    },
    remove: (_name, version) => {
      versions = versions.filter((one) => one.version !== version);
      return Promise.resolve();
    },
  };
  const now = () => versions.map(({ version, promoted: is }) => (is ? `${version}!` : version)).join(" ");
  return { images, now };
}

describe("images that were published", () => {
  test("are promoted by their version, and only one that is there", async () => {
    const { images, now } = place();
    await promotePublished(images, "L0-base", "6");
    expect(now()).toBe("1 2 3 4 5 6!");
    await expect(promotePublished(images, "L0-base", "9")).rejects.toThrow(/no version 9 .* there are 1, 2, 3/);
    expect(now()).toBe("1 2 3 4 5 6!");
  });

  test("are rolled back to the one that was promoted before, whatever candidates lie between, and forth again", async () => {
    const { images, now } = place("4", "2");
    expect(await rollbackPublished(images, "L0-base")).toBe("2");
    expect(now()).toBe("1 2! 3 4 5 6");
    expect(await rollbackPublished(images, "L0-base")).toBe("4");
    const first = place("4", "gone");
    await expect(rollbackPublished(first.images, "L0-base")).rejects.toThrow(/no version .* was promoted before/);
    expect(first.now()).toBe("1 2 3 4! 5 6");
  });

  test("are pruned but for the promoted one, the one before it, those in use and the newest", async () => {
    const { images, now } = place("4", "2", ["1"]);
    expect(await prunePublished(images, "L0-base", 1)).toEqual(["3", "5"]);
    expect(now()).toBe("1 2 4! 6");
  });

  test("are kept where none is promoted and enough are to be kept", () => {
    const versions = [published("1"), published("2")];
    expect(planPublishedPrune("L0-base", versions, 2)).toEqual([]);
    expect(planPublishedPrune("L0-base", versions, 0)).toEqual(["1", "2"]);
  });

  test("are listed with what is promoted, what was, and what is in use", () => {
    const lines = publishedLines("L0-base", [
      published("1", { previous: true }),
      published("2", { promoted: true, inUse: true }),
    ]);
    expect(lines.map((line) => line.split(/ {2,}/))).toMatchObject([
      ["IMAGE", "VERSION", "STATE", "USED", "PUBLISHED", "ID"],
      ["L0-base", "1", "previous", "2026-11-24 10:00", "ami-1"],
      ["L0-base", "2", "promoted", "in use", "2026-11-24 10:00", "ami-2"],
    ]);
  });

  test("are none on a backend whose machines are made of the local store's", () => {
    expect(() => imagesOf({ name: "qemu", facets: {} } as ChosenBackend)).toThrow(/backend qemu/);
  });
});
