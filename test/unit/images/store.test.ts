import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { mkdir, mkdtemp, readdir, readlink, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listAbandonedBuilds } from "../../../provider/images/abandoned";
import { removeUnusedPackages } from "../../../provider/images/deb-cache";
import type { Manifest } from "../../../provider/images/manifest";
import { prune } from "../../../provider/images/prune";
import { imageFolder, listVersions, promote, resolveImage, rollback } from "../../../provider/images/store";
import { identify } from "../../../lib/process";

let home: string;
const name = "L0-base";
const v = (n: number) => `20261124.${n}-0123456789ab`;

async function addVersion(version: string): Promise<void> {
  const folder = join(imageFolder(home, name), version);
  await mkdir(folder, { recursive: true });
  const manifest: Manifest = {
    schema: 1,
    name,
    version,
    key: "0".repeat(64),
    diskFormat: "raw",
    suite: "bookworm",
    kernelVersion: "6.1.0",
    builtAt: "2026-11-24T00:00:00Z",
    phases: {},
    packages: {},
  };
  await writeFile(join(folder, "manifest.json"), JSON.stringify(manifest));
}

const pointer = (which: string) => readlink(join(imageFolder(home, name), which));

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "kmvm-store-"));
  for (const n of [1, 2, 3]) await addVersion(v(n));
});
afterEach(() => rm(home, { recursive: true, force: true }));

describe("resolving an image", () => {
  test("gives the promoted version, with absolute paths", async () => {
    await promote(home, name, v(2));
    const image = await resolveImage(home, name);
    expect(image).toMatchObject({ version: v(2), diskFormat: "raw", promoted: true });
    expect(image.disk).toBe(join(home, "images", name, v(2), "disk.raw"));
  });

  test("gives a version that is asked for", async () => {
    expect((await resolveImage(home, `${name}@${v(1)}`)).version).toBe(v(1));
  });

  test("says how to get an image that is not there", async () => {
    await expect(resolveImage(home, "other")).rejects.toMatchObject({ hint: "build it: kmvm image build other" });
  });

  test("says which versions there are when none is promoted, or not the one asked for", async () => {
    await expect(resolveImage(home, name)).rejects.toThrow(v(1));
    await expect(resolveImage(home, `${name}@${v(9)}`)).rejects.toThrow(v(3));
  });

  test("does not take a half-written folder for a version", async () => {
    await mkdir(join(imageFolder(home, name), v(4)));
    await mkdir(join(imageFolder(home, name), ".building-1"));
    expect((await listVersions(home, name)).map(({ version }) => version)).toEqual([v(1), v(2), v(3)]);
  });
});

describe("promoting", () => {
  test("keeps what was promoted before for a roll-back, and back again", async () => {
    await promote(home, name, v(1));
    await promote(home, name, v(2));
    expect([await pointer("promoted"), await pointer("previous")]).toEqual([v(2), v(1)]);
    expect(await rollback(home, name)).toBe(v(1));
    expect(await rollback(home, name)).toBe(v(2));
  });

  test("the promoted one again does not lose the one before", async () => {
    await promote(home, name, v(1));
    await promote(home, name, v(2));
    await promote(home, name, v(2));
    expect(await pointer("previous")).toBe(v(1));
  });

  test("refuses a version that is not there, and changes nothing", async () => {
    await promote(home, name, v(1));
    await expect(promote(home, name, v(9))).rejects.toThrow(v(9));
    expect(await pointer("promoted")).toBe(v(1));
  });

  test("leaves nothing to roll back to the first time", async () => {
    await promote(home, name, v(1));
    await expect(rollback(home, name)).rejects.toThrow("no version to roll back to");
  });
});

describe("pruning the store", () => {
  test("leaves a version that a stopped machine's disk lies over", async () => {
    await promote(home, name, v(3));
    const machine = join(home, "machines", "m1");
    await mkdir(machine, { recursive: true });
    const image = { name, version: v(1), disk: join(home, "images", name, v(1), "disk.raw") };
    await writeFile(join(machine, "machine.json"), JSON.stringify({ image }));
    expect(await prune(home, name, 0)).toEqual([v(2)]);
    expect((await listVersions(home, name)).map(({ version }) => version)).toEqual([v(1), v(3)]);
  });

  test.each(["{", "{}", ""])(
    "stops at a machine that says %j about what it uses, and names its folder",
    async (text) => {
      await promote(home, name, v(3));
      const machine = join(home, "machines", "m1");
      await mkdir(machine, { recursive: true });
      await writeFile(join(machine, "machine.json"), text);
      await expect(prune(home, name, 0)).rejects.toMatchObject({
        name: "UserError",
        message: expect.stringContaining(machine),
        hint: expect.stringContaining(machine),
      });
      expect(await listVersions(home, name)).toHaveLength(3);
    },
  );
});

describe("builds that were killed", () => {
  const building = async (folder: string, owner: unknown) => {
    const path = join(imageFolder(home, name), folder);
    await mkdir(path);
    if (owner) await writeFile(join(path, "owner.json"), JSON.stringify(owner));
    return path;
  };

  test("are those whose process is gone, also when another one has its number now", async () => {
    await building(".building-alive", identify(process.pid));
    const reused = await building(".building-reused", { pid: process.pid, startTime: 1 });
    expect(await listAbandonedBuilds(home)).toEqual([reused]);
  });

  test("leave a lock that counts only when its holder is gone and nobody has taken it since", async () => {
    const folder = imageFolder(home, name);
    const [lock, holder] = [join(folder, ".build.lock"), join(folder, ".build.holder")];
    const heldBy = (startTime: number) =>
      writeFile(holder, JSON.stringify({ pid: process.pid, startTime, user: "u", since: "now" }));
    await mkdir(lock);
    await heldBy(1);
    const looked = listAbandonedBuilds(home, name);
    await heldBy(identify(process.pid)?.startTime ?? 0);
    expect(await looked).toEqual([]);
    await heldBy(1);
    expect(await listAbandonedBuilds(home, name)).toEqual([lock, holder]);
    await rm(lock, { recursive: true });
    expect(await listAbandonedBuilds(home, name)).toEqual([holder]);
  });

  test("leave a lock that counts at once, also when it was renewed at the moment of the kill", async () => {
    const folder = imageFolder(home, name);
    const [lock, holder] = [join(folder, ".build.lock"), join(folder, ".build.holder")];
    await writeFile(holder, JSON.stringify({ pid: process.pid, startTime: 1, user: "u", since: "now" }));
    await mkdir(lock);
    expect(await listAbandonedBuilds(home, name)).toEqual([lock, holder]);
  });

  test("leave a lock that counts after a while when they could not say whose it is", async () => {
    const lock = join(imageFolder(home, name), ".build.lock");
    await mkdir(lock);
    expect(await listAbandonedBuilds(home, name)).toEqual([]);
    await utimes(lock, new Date(0), new Date(0));
    expect(await listAbandonedBuilds(home, name)).toContain(lock);
  });

  test("before they could say whose they are count after a while", async () => {
    const path = await building(".building-young", undefined);
    expect(await listAbandonedBuilds(home, name)).toEqual([]);
    await utimes(path, new Date(0), new Date(0));
    expect(await listAbandonedBuilds(home, name)).toEqual([path]);
  });
});

test("kept packages are those that the image has", async () => {
  const folder = imageFolder(home, name);
  await mkdir(join(folder, ".debs", "partial"), { recursive: true });
  for (const file of ["a_1_amd64.deb", "a_2_amd64.deb", "b_1%3a1_all.deb", "lock"])
    await writeFile(join(folder, ".debs", file), "");
  await removeUnusedPackages(folder, { packages: { "a:amd64": "2", "b:all": "1:1" } });
  expect((await readdir(join(folder, ".debs"))).sort()).toEqual([
    "a_2_amd64.deb",
    "b_1%3a1_all.deb",
    "lock",
    "partial",
  ]);
});
