import { describe, expect, test } from "@jest/globals";
import { expiryDefinition } from "../../../../components/backends/azure/expiry";
import { compareGalleryVersions } from "../../../../components/backends/azure/images";
import { galleryVersion, groupName, groupOf } from "../../../../components/backends/azure/names";
import { fullRange } from "../../../../components/backends/azure/page-blob";
import { missing } from "../../../../components/backends/azure/permissions";

describe("the name of a machine's group", () => {
  test("ends with the run's random id, however long the stack's name is, and fits", () => {
    const name = groupName(`test-ci-${"x".repeat(200)}`, "ab12cd34");
    expect(name).toMatch(/^kmvm-test-ci-x+-ab12cd34$/);
    expect(name.length).toBeLessThanOrEqual(90);
  });

  test("is found in the id of whatever is in it, in capitals or not", () => {
    expect(groupOf("/subscriptions/s/RESOURCEGROUPS/KMVM-A/providers/x/y/z")).toBe("kmvm-a");
    expect(groupOf("kmvm-a")).toBe("");
  });
});

describe("a version in the gallery", () => {
  test("is three numbers of 32 bits that sort as the local ones do and are of one key", () => {
    expect(galleryVersion("20261122.3-ffffffffffff")).toBe("20261122.3.268435455");
    const local = ["20261122.2-ffffffffffff", "20261122.10-000000000000", "20261123.1-000000000000"];
    const numbers = local.map((one) => galleryVersion(one) ?? "");
    expect([...numbers].reverse().sort(compareGalleryVersions)).toEqual(numbers);
    for (const part of numbers.flatMap((one) => one.split("."))) expect(Number(part)).toBeLessThan(2 ** 31);
  });

  test.each(["latest", "1.2.3", "20261122.3", "20261122.3-0123456789AB"])("is none of %s", (text) => {
    expect(galleryVersion(text)).toBeUndefined();
  });
});

test("a machine's expiry is never before the time, and is tried again until it has worked", () => {
  const definition = JSON.stringify(
    expiryDefinition({ subscriptionId: "s", group: "g", expiresAt: "2026-01-01T00:00:00.001Z", identityId: "i" }),
  );
  expect(definition).toContain('"startTime":"2026-01-01T00:00:01Z"');
  expect(definition).toContain('{"frequency":"Minute","interval":15');
});

describe("of a piece of a disk is sent", () => {
  const piece = (...at: number[]) => {
    const chunk = Buffer.alloc(4096);
    for (const position of at) chunk[position] = 1;
    return chunk;
  };
  test.each([
    ["nothing, when it is empty", piece(), undefined],
    ["the page that is not", piece(700), { from: 512, to: 1024 }],
    ["from the first to the last that is not", piece(511, 2048), { from: 0, to: 2560 }],
    ["all of it", piece(0, 4095), { from: 0, to: 4096 }],
  ])("%s", (_what, chunk, range) => {
    expect(fullRange(chunk)).toEqual(range);
  });
});

describe("an action", () => {
  test("is allowed by the role Managed Identity Operator, whose pattern has one part more", () => {
    const action = "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action";
    const allowedBy = (pattern: string) => missing([{ action, why: "" }], [{ actions: [pattern] }]).length === 0;
    expect(allowedBy("Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action")).toBe(true);
    expect(allowedBy("Microsoft.ManagedIdentity/*/read")).toBe(false);
  });

  const actions = ["Microsoft.Compute/disks/read", "Microsoft.Compute/disks/write"].map((action) => ({
    action,
    why: "",
  }));
  const lacking = (...grants: Parameters<typeof missing>[1]) => missing(actions, grants).map(({ action }) => action);

  test("is missing when no role gives it", () => {
    expect(lacking({ actions: ["*/read"] })).toEqual(["Microsoft.Compute/disks/write"]);
    expect(lacking({ actions: ["microsoft.compute/DISKS/*"] })).toEqual([]);
    expect(lacking()).toHaveLength(2);
  });

  test("that a role takes back is missing unless another one gives it", () => {
    const contributor = { actions: ["*"], notActions: ["Microsoft.Compute/*/write"] };
    expect(lacking(contributor)).toEqual(["Microsoft.Compute/disks/write"]);
    expect(lacking(contributor, { actions: ["Microsoft.Compute/disks/write"] })).toEqual([]);
  });

  test("about data is not given by a role about management", () => {
    const data = [{ action: "Microsoft.Storage/blobs/write", why: "", data: true as const }];
    expect(missing(data, [{ actions: ["*"] }])).toHaveLength(1);
    expect(missing(data, [{ dataActions: ["*"] }])).toEqual([]);
  });
});
