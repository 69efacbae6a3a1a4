import { describe, expect, test } from "@jest/globals";
import { DescribeImagesCommand, DescribeSnapshotsCommand } from "@aws-sdk/client-ec2";
import { awsFacets } from "../../../components/backends/aws/facets";
import { removeVersion } from "../../../components/backends/aws/image-pointers";
import {
  bucketHolds,
  makeAmi,
  makeBucket,
  makeImport,
  makeObject,
  makeSnapshot,
  makeUntaggedAmi,
  publish,
} from "./image";
import { ec2, makeMachine, own, tagsOfRun } from "./machine";
import { useMoto } from "./use-moto";

useMoto();

const facets = awsFacets(own);
const { images } = facets;
if (!images) throw new Error("no images");

/** Ids of what the account has of images. moto's own accounts have snapshots from the start. */
async function account() {
  const [amis, snapshots] = await Promise.all([
    ec2().send(new DescribeImagesCommand({ Owners: ["self"] })),
    ec2().send(new DescribeSnapshotsCommand({ OwnerIds: ["self"] })),
  ]);
  return [
    ...(amis.Images ?? []).map(({ ImageId }) => ImageId),
    ...(snapshots.Snapshots ?? []).map(({ SnapshotId }) => SnapshotId),
  ];
}

const versions = async () =>
  (await images.list("L0-base")).map(({ version, promoted, inUse }) => ({ version, promoted, inUse }));

describe("versions of an image", () => {
  test("none are there before one is published", async () => {
    expect(await images.list("L0-base")).toEqual([]);
  });

  test("a published one is a candidate; promoting it, and another, and the first again moves the pointer only", async () => {
    const first = await publish("L0-base", "20260101.1-a");
    const second = await publish("L0-base", "20260102.1-b");
    await publish("other", "20260103.1-c");
    expect(await images.list("L0-base")).toEqual([
      {
        version: "20260101.1-a",
        id: first.ami,
        promoted: false,
        previous: false,
        inUse: false,
        createdAt: expect.any(String),
      },
      {
        version: "20260102.1-b",
        id: second.ami,
        promoted: false,
        previous: false,
        inUse: false,
        createdAt: expect.any(String),
      },
    ]);
    const before = await account();
    for (const version of ["20260101.1-a", "20260102.1-b", "20260101.1-a"]) {
      await images.promote("L0-base", version);
      expect((await versions()).filter(({ promoted }) => promoted).map((one) => one.version)).toEqual([version]);
    }
    const previous = async () => (await images.list("L0-base")).filter((one) => one.previous).map((one) => one.version);
    expect(await previous()).toEqual(["20260102.1-b"]);
    await images.promote("L0-base", "20260101.1-a");
    expect(await previous()).toEqual(["20260102.1-b"]);
    expect(await account()).toEqual(before);
  });

  test("more of them than one answer of Systems Manager holds are all there", async () => {
    for (let n = 10; n < 22; n += 1) await publish("L0-base", `20260101.${n}-a`);
    expect(await images.list("L0-base")).toHaveLength(12);
  });

  test("what was not published cannot be promoted", async () => {
    await publish("L0-base", "20260101.1-a");
    await expect(images.promote("L0-base", "20260109.1-z")).rejects.toMatchObject({
      name: "UserError",
      message: expect.stringContaining("it has 20260101.1-a"),
    });
  });

  test("one that is neither promoted nor in use is removed, with its snapshot, and removed again", async () => {
    const before = await account();
    await publish("L0-base", "20260101.1-a");
    await images.remove("L0-base", "20260101.1-a");
    expect(await images.list("L0-base")).toEqual([]);
    expect(await account()).toEqual(before);
    await images.remove("L0-base", "20260101.1-a");
  });

  test("the promoted one, and one that a machine was made of, are refused and stay", async () => {
    const used = await publish("L0-base", "20260101.1-a");
    await publish("L0-base", "20260102.1-b");
    await images.promote("L0-base", "20260102.1-b");
    const { instance } = await makeMachine(tagsOfRun("user"), used.ami);
    await expect(images.remove("L0-base", "20260101.1-a")).rejects.toThrow(/in use/);
    await expect(images.remove("L0-base", "20260102.1-b")).rejects.toThrow(/promoted/);
    expect(await versions()).toEqual([
      { version: "20260101.1-a", promoted: false, inUse: true },
      { version: "20260102.1-b", promoted: true, inUse: false },
    ]);
    await facets.destroyer.destroy(instance);
    await images.remove("L0-base", "20260101.1-a");
    expect(await versions()).toHaveLength(1);
  });
});

/** Removes what is left behind, and what that brings to light, as gc does. @returns the ids, in rounds */
async function collectRemains(): Promise<string[][]> {
  const rounds: string[][] = [];
  for (;;) {
    const ids = (await facets.leftovers.list()).map(({ id }) => id);
    if (ids.length === 0 || rounds.length === 3) return rounds;
    rounds.push(ids);
    for (const id of ids) await facets.leftovers.remove(id);
  }
}

describe("leftovers of publishing", () => {
  test("there are none of whole versions, promoted or not", async () => {
    await publish("L0-base", "20260101.1-a");
    await publish("L0-base", "20260102.1-b");
    await images.promote("L0-base", "20260102.1-b");
    expect(await facets.leftovers.list()).toEqual([]);
  });

  test("a snapshot without its image, and an image that no version names, are found and removed; versions stay", async () => {
    await publish("L0-base", "20260101.1-a");
    const before = await account();
    const lonely = await makeSnapshot("L0-base", "20260102.1-b");
    const unnamed = (await makeAmi("L0-base", "20260103.1-c")).ami;
    const remains = await facets.leftovers.list();
    expect(remains.map(({ id }) => id).sort()).toEqual([unnamed, lonely].sort());
    for (const { tags } of remains) expect(tags).toMatchObject({ backendHash: "0123456789ab", stack: "l0-ci-1" });
    await collectRemains();
    expect(await account()).toEqual(before);
    expect(await versions()).toHaveLength(1);
  });

  test("what is published below other parameters is not judged: nothing here would name it", async () => {
    await makeAmi("L0-base", "20260101.1-abc", { ...own, parameterPrefix: "/team-b/images" });
    expect(await facets.leftovers.list()).toEqual([]);
  });

  test("a removal that was cut short after its first step is one", async () => {
    const before = await account();
    const { ami, snapshot } = await publish("L0-base", "20260101.1-a");
    await removeVersion(own, "L0-base", "20260101.1-a");
    expect(await collectRemains()).toEqual([[ami], [snapshot]]);
    expect(await account()).toEqual(before);
  });

  test("disks in the bucket, whole and in part, are found and removed; what else is in it stays", async () => {
    await makeBucket();
    const whole = await makeObject("L0-base", "20260101.1-a", true);
    const part = await makeObject("L0-base", "20260102.1-b", false);
    const others = await makeObject("others/deep", "20260102.1-b", true);
    const remains = await facets.leftovers.list();
    expect(remains.map(({ id }) => id)).toEqual([whole, expect.stringMatching(/^kmvm-images\/kmvm\/.*\?uploadId=./)]);
    expect(remains[1]?.id.startsWith(part)).toBe(true);
    // Nothing tells whose an upload is: it stays for a day.
    expect(remains.map(({ tags }) => tags?.backendHash)).toEqual(["0123456789ab", ""]);
    const [, upload] = remains;
    expect(Date.parse(upload?.tags?.expiresAt ?? "") - (upload?.changedAt ?? 0)).toBe(24 * 3600_000);
    for (const { id } of remains) {
      await facets.leftovers.remove(id);
      await facets.leftovers.remove(id);
    }
    expect(await bucketHolds()).toEqual([others.slice("kmvm-images/".length)]);
  });

  test("an import that nobody waits for is cancelled; the snapshot of one that is done is found by it, and removed", async () => {
    const before = await account();
    const task = await makeImport("L0-base", "20260101.1-a", "active");
    const snapshot = await makeImport("L0-base", "20260102.1-b", "done");
    const remains = await facets.leftovers.list();
    expect(remains.map(({ id, machineId }) => [id, machineId])).toEqual([
      [snapshot, "L0-base@20260102.1-b"],
      [task, "L0-base@20260101.1-a"],
    ]);
    // When it was begun is not told: only who began it may say that nobody is at it.
    expect(remains.map(({ tags }) => tags?.expiresAt)).toEqual([expect.stringMatching(/^2/), ""]);
    expect(await collectRemains()).toEqual([[snapshot, task]]);
    expect(await account()).toEqual(before);
    await facets.leftovers.remove(task);
  });

  test("an image that was registered and not tagged any more is found by its snapshot; one that a person made of it is not", async () => {
    const { ami, snapshot } = await makeUntaggedAmi("L0-base", "20260101.1-a", "L0-base 20260101.1-a");
    const persons = await makeUntaggedAmi("L0-base", "20260102.1-b", "for my own use");
    expect(await collectRemains()).toEqual([[ami], [snapshot]]);
    expect(await account()).toEqual(expect.arrayContaining([persons.ami, persons.snapshot]));
  });

  test("one that is named by the time it is to be removed stays", async () => {
    const { ami } = await publish("L0-base", "20260101.1-a");
    await facets.leftovers.remove(ami);
    expect(await versions()).toHaveLength(1);
  });
});
