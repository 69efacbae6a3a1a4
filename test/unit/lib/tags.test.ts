import { describe, expect, test } from "@jest/globals";
import { fromTags, tagNames, toTags, type MachineTags } from "../../../lib/tags";

const tags: MachineTags = {
  project: "kmvm",
  backendHash: "0123456789ab",
  stack: "test-ci-240",
  runId: "ab12cd34",
  createdAt: "2026-01-01T00:00:00.000Z",
  expiresAt: "2026-01-01T04:00:00.000Z",
  owner: "me@host",
};

describe("tags of what is made in a cloud", () => {
  test("say again what they were made of, and give a name for people", () => {
    const record = toTags(tags);
    expect(fromTags(record)).toEqual(tags);
    expect(record["Name"]).toBe("test-ci-240-ab12cd34");
  });

  test("are of the agreed names, all of them always", () => {
    expect(Object.keys(toTags(tags)).sort()).toEqual([
      "Name",
      "kmvm-backend",
      "kmvm-created",
      "kmvm-expires",
      "kmvm-owner",
      "kmvm-project",
      "kmvm-run",
      "kmvm-stack",
    ]);
  });

  test("hold nothing that a provider refuses in a value", () => {
    const record = toTags({ ...tags, owner: `o'brien&co<${"x".repeat(300)}` });
    expect(record["kmvm-owner"]).toMatch(/^o_brien_co_x+$/);
    expect(record["kmvm-owner"]).toHaveLength(256);
  });

  test.each([
    ["no tag of ours", { Name: "web-1" }],
    ["another project", { ...toTags(tags), [tagNames.project]: "kmvmx" }],
    ["no expiry", { ...toTags(tags), [tagNames.expiresAt]: undefined }],
    ["a date that is none", { ...toTags(tags), [tagNames.createdAt]: "yesterday" }],
  ])("with %s are not ours", (_what, record) => {
    expect(fromTags(record as Record<string, string>)).toBeUndefined();
  });
});
