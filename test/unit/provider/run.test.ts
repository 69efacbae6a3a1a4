import { describe, expect, test } from "@jest/globals";
import type { Context } from "../../../plugin/resource";
import { run } from "../../../provider/run";

const context: Context = {
  log: () => undefined,
  status: () => undefined,
  signal: new AbortController().signal,
  urn: "",
};

describe("a run", () => {
  test("has a short id, and ends ttl seconds after its beginning", async () => {
    const { id, properties } = await run.create({ stack: "test-ci-1", ttl: 3600 }, context);
    expect(id).toMatch(/^[a-z0-9]{8}$/);
    expect(properties["runId"]).toBe(id);
    expect(properties["owner"]).toMatch(/^.+@.+$/);
    expect(Date.parse(String(properties["expiresAt"])) - Date.parse(String(properties["createdAt"]))).toBe(3_600_000);
  });

  test.each([
    ["ttl", 0],
    ["ttl", "1h"],
    ["ttl", 8 * 24 * 3600],
    ["stack", ""],
    ["stack", "a b"],
  ])("refuses %s %j", async (property, value) => {
    const { failures } = await run.check({ stack: "test-ci-1", ttl: 60, [property]: value }, {});
    expect(failures.map((failure) => failure.property)).toEqual([property]);
  });
});
