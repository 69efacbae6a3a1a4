import { describe, expect, test } from "@jest/globals";
import { UserError } from "../../../lib/errors";
import { unknownValue, type Properties } from "../../../plugin/values";
import { machine, machineDiff } from "../../../provider/machine";

const image = { name: "L0-base", version: "1", disk: "/d", diskFormat: "raw", kernel: "/k", initrd: "/r" } as const;
const good: Properties = {
  machineId: "test-ci-240-abc",
  image: "L0-base",
  boot: "direct",
  start: "auto",
  vcpus: 2,
  memoryMiB: 2048,
  diskGiB: 16,
  expiresAt: "2100-01-01T00:00:00Z",
  authorizedKey: "ssh-ed25519 AAAA me",
  hostPublicKey: "ssh-ed25519 BBBB host",
  hostPrivateKey: "-----BEGIN OPENSSH PRIVATE KEY-----\ncanary\n-----END OPENSSH PRIVATE KEY-----\n",
  tags: { project: "kmvm", backendHash: "b", stack: "test-ci-240", runId: "abc", createdAt: "c", owner: "o" },
};
const type = machine({
  home: "/nonexistent",
  resolveImage: (ref) =>
    ref.startsWith("L0-base")
      ? Promise.resolve(image)
      : Promise.reject(new UserError(`there is no image "${ref}"`, `kmvm image build ${ref}`)),
  warmImage: () => Promise.reject(new Error("a check must not make one")),
});
const failuresOf = async (news: Properties, olds: Properties = {}) => (await type.check(news, olds)).failures;

describe("check of a machine", () => {
  test("lets a good one pass, also one that does not say how to start", async () => {
    expect(await failuresOf(good)).toEqual([]);
    const { start: _, ...rest } = good;
    expect(await failuresOf(rest)).toEqual([]);
  });

  test.each<[string, unknown, RegExp]>([
    ["machineId", "../etc", /"\.\.\/etc".*a-z, 0-9 and -/],
    ["machineId", "x".repeat(64), /1 to 63/],
    ["boot", "bios", /"bios".*direct, uefi/],
    ["start", "hot", /"hot".*auto, cold, warm/],
    ["vcpus", 0, /0, allowed: 1 to 64/],
    ["vcpus", 1.5, /1\.5/],
    ["memoryMiB", "2048", /"2048", allowed: 256/],
    ["diskGiB", undefined, /missing/],
    ["expiresAt", "tomorrow", /"tomorrow".*a time/],
    ["expiresAt", "2001-01-01T00:00:00Z", /in the past/],
    ["authorizedKey", "ssh-rsa AAAA", /ssh-ed25519/],
    ["authorizedKey", "ssh-ed25519 AAAA\nssh-ed25519 BBBB", /one line/],
    ["tags", { project: "kmvm" }, /backendHash/],
    ["image", "L9", /there is no image "L9"\n {2}kmvm image build L9/],
  ])("refuses %s %j", async (property, value, reason) => {
    const failures = await failuresOf({ ...good, [property]: value });
    expect(failures).toEqual([{ property, reason: expect.stringMatching(reason) }]);
  });

  test("reports all mistakes at once, an unknown property among them", async () => {
    const failures = await failuresOf({ ...good, vcpus: 0, boot: "x", memory: 1 });
    expect(failures.map(({ property }) => property).sort()).toEqual(["boot", "memory", "vcpus"]);
  });

  test("does not show a private key that is wrong", async () => {
    const failures = await failuresOf({ ...good, hostPrivateKey: "canary" });
    expect(failures).toHaveLength(1);
    expect(JSON.stringify(failures)).not.toContain("canary");
  });

  test("lets values pass that are not known yet", async () => {
    const unknown = Object.fromEntries(Object.keys(good).map((key) => [key, unknownValue]));
    expect(await failuresOf({ ...unknown, tags: { ...(good["tags"] as Properties), runId: unknownValue } })).toEqual(
      [],
    );
  });

  test("does not hold time and image store against a machine that exists", async () => {
    const old = { ...good, image: "L9", expiresAt: "2001-01-01T00:00:00Z" };
    expect(await failuresOf(old, old)).toEqual([]);
  });
});

describe("diff of a machine", () => {
  const running = { state: "running", crashed: false };

  test("nothing changed: nothing to do", () => {
    expect(machineDiff(good, good, running)).toMatchObject({ replaces: [], updates: [] });
  });

  const inPlace = ["tags", "start"];

  test.each(Object.keys(good).filter((key) => !inPlace.includes(key)))(
    "another %s makes another machine",
    (property) => {
      expect(machineDiff(good, { ...good, [property]: "other" }, running)).toEqual({
        replaces: [property],
        updates: [],
        deleteBeforeReplace: true,
      });
    },
  );

  test.each(inPlace)("%s is updated in place", (property) => {
    const difference = machineDiff(good, { ...good, [property]: "other" }, running);
    expect(difference).toMatchObject({ replaces: [], updates: [property] });
  });

  test.each([
    ["stopped", false, { replaces: [], updates: ["state"] }],
    ["half-made", false, { replaces: [], updates: ["state"] }],
    ["stopped", true, { replaces: ["state"], updates: [] }],
  ])("one that was seen %s (crashed: %s) is brought back", (state, crashed, expected) => {
    expect(machineDiff(good, good, { state, crashed })).toMatchObject(expected);
  });
});
