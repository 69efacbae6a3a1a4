import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { execa } from "execa";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { repositoryRoot } from "../../../lib/paths";
import { sha256 } from "../../../provider/images/durable";
import { buildAndPromote } from "../../../provider/images/pipeline";
import { checkSealed } from "../../../provider/images/seal";
import { listVersions, readPointer, type StoredVersion } from "../../../provider/images/store";
import { listMachines, removeMachine } from "../../../provider/qemu/machine";
import { miniImage, writeMiniRecipe } from "../../support/mini-image";

const minutes = 60_000;
const rootOffset = 65 * 1024 * 1024;

let scratch: string;
let checkout: string;
let home: string;
const said: string[] = [];

const build = () =>
  buildAndPromote(home, checkout, miniImage, {
    log: (line) => {
      said.push(line);
    },
  });
const promoted = () => readPointer(home, miniImage, "promoted");

/** A disk that is like another one, except for what a command of debugfs does to it. */
async function tamperedDisk(disk: string, command: string): Promise<string> {
  const copy = join(scratch, "tampered.raw");
  await execa("cp", ["--sparse=always", disk, copy]);
  await execa("debugfs", ["-w", "-R", command, `${copy}?offset=${rootOffset}`]);
  return copy;
}

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), "kmvm-image-"));
  checkout = join(scratch, "checkout");
  home = join(scratch, "home");
  mkdirSync(checkout);
  cpSync(join(repositoryRoot(), "scripts"), join(checkout, "scripts"), { recursive: true });
});

afterAll(async () => {
  for (const { id } of await listMachines(home)) await removeMachine(home, id);
  rmSync(scratch, { recursive: true, force: true });
});

// One after the other: each goes on from what the one before has built.
describe("building an image", () => {
  let good: StoredVersion;

  test(
    "boots it directly and by firmware, runs its checks as root, promotes it",
    async () => {
      writeMiniRecipe(checkout, `[[ $(id -u) == 0 ]] || exit 1; echo "ok 1 - root"; echo 1..1`);
      good = await build();
      expect(await promoted()).toBe(good.version);
      expect(said.join("\n")).toMatch(/direct boot: first ssh[^]*1 checks passed[^]*uefi boot: first ssh/);
      expect((await listVersions(home, miniImage)).map(({ smokedAt }) => smokedAt !== undefined)).toEqual([true]);
      expect(await listMachines(home)).toEqual([]);
    },
    20 * minutes,
  );

  test("leaves versions and the packages it downloaded, and nothing else", () => {
    const names = readdirSync(join(home, "images", miniImage)).filter((name) => !name.startsWith("2"));
    expect(names.sort()).toEqual([".debs", "build.log", "promoted"]);
  });

  test(
    "of an unchanged recipe does nothing",
    async () => {
      expect((await build()).version).toBe(good.version);
      expect(await listVersions(home, miniImage)).toHaveLength(1);
    },
    minutes,
  );

  test("makes a GPT disk with a system partition and a root that is found by its label", async () => {
    const { stdout } = await execa("sfdisk", ["--json", good.disk]);
    const { partitiontable } = JSON.parse(stdout) as {
      partitiontable: { label: string; partitions: { name: string; type: string; start: number }[] };
    };
    expect(partitiontable.label).toBe("gpt");
    expect(partitiontable.partitions.map(({ name, type, start }) => [name, type, start])).toEqual([
      ["ESP", "C12A7328-F81F-11D2-BA4B-00A0C93EC93B", 2048],
      ["l0root", "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709", rootOffset / 512],
    ]);
  });

  test(
    "writes a manifest and checksums that are true",
    async () => {
      const sums = readFileSync(join(good.folder, "SHA256SUMS"), "utf8");
      expect(sums).toContain(`${await sha256(good.disk)}  disk.raw`);
      expect(good.manifest.packages["sudo:amd64"]).toMatch(/^\d/);
      expect(good.manifest.kernelVersion).toMatch(/^\d+\.\d+.*-cloud-amd64$/);
      expect(existsSync(good.kernel) && existsSync(good.initrd)).toBe(true);
    },
    5 * minutes,
  );

  test(
    "seals it: nobody can get in, no two machines are alike, no secret of the builder is in it",
    async () => {
      await checkSealed(good.disk, { HARMLESS_TOKEN: "nobody-has-this-value" });
      // The kernel's own words stand in for a secret that got into an image.
      const secrets = { HARMLESS_TOKEN: "nobody-has-this-value", CANARY_TOKEN: "/etc/sudoers.d/README" };
      await expect(checkSealed(good.disk, secrets)).rejects.toThrow(/variable CANARY_TOKEN is on the disk$/m);
      const withKeys = await tamperedDisk(good.disk, "mkdir /root/.ssh");
      await expect(checkSealed(withKeys, {})).rejects.toThrow("/root/.ssh is there");
      const withId = await tamperedDisk(good.disk, "sif /etc/machine-id size 33");
      await expect(checkSealed(withId, {})).rejects.toThrow("machine-id");
    },
    5 * minutes,
  );
});
