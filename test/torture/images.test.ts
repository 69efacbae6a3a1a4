import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { join } from "node:path";
import { inNamespace, isRoot } from "../../provider/images/namespace";
import { miniImage, writeMiniRecipe } from "../support/mini-image";
import { killMoments, seedOfRun } from "../support/moments";
import { testUnless } from "../support/needs";
import { killAfter, missingForKmvm, ownCheckout, type OwnCheckout } from "../support/own-checkout";

const kills = Number(process.env["KMVM_KILLS"] ?? 20);
const hours = 3600_000;

let checkout: OwnCheckout;
let images: string;
let serial = 0;

/** Another recipe than any before, so that there is something to build. */
const newRecipe = () => {
  writeMiniRecipe(checkout.folder, `echo "ok 1 - number ${++serial}"; echo 1..1`);
};
const command = ["image", "build", miniImage];
const promoted = () => readlinkSync(join(images, "promoted"));
/** Everything that is neither a version nor known to stay. */
const strays = () =>
  readdirSync(images).filter(
    (name) => !/^\d{8}\.\d+-/.test(name) && ![".debs", "build.log", "promoted", "previous"].includes(name),
  );

beforeAll(() => {
  checkout = ownCheckout();
  // A store of its own.
  rmSync(join(checkout.home, "images"));
  images = join(checkout.home, "images", miniImage);
});
afterAll(() => {
  checkout.remove();
});

const onceWhole = testUnless(missingForKmvm());

onceWhole(
  "kmvm image build survives SIGKILL at any moment: the promoted version stays, nothing is left, the next build finishes",
  async () => {
    newRecipe();
    const began = Date.now();
    expect(await checkout.kmvm(...command)).toMatchObject({ code: 0 });
    // The first one downloads packages.
    const duration = 0.8 * (Date.now() - began);

    const seed = seedOfRun();
    for (const [index, moment] of killMoments(seed, kills, duration).entries()) {
      newRecipe();
      const before = promoted();
      const running = checkout.start(command);
      const outcome = await killAfter(running, moment);
      const context = `KMVM_SEED=${seed}, ${outcome} after ${moment} ms of ${duration}\n${running.text()}`;
      if (outcome === "killed" && !running.text().includes("promoted mini@"))
        expect({ context, promoted: promoted() }).toEqual({ context, promoted: before });
      // Every other time the next build has to cope by itself.
      if (index % 2 === 0) {
        expect({ context, ...(await checkout.kmvm("gc", "--yes", "--now")) }).toMatchObject({ code: 0 });
        expect({ context, strays: strays(), left: checkout.leftovers() }).toEqual({ context, strays: [], left: [] });
      }
      if (index % 5 === 4) {
        const next = await checkout.kmvm(...command);
        expect({ context, ...next }).toMatchObject({ code: 0 });
        expect({ context, strays: strays(), left: checkout.leftovers() }).toEqual({ context, strays: [], left: [] });
        expect(next.stdout).toContain(promoted());
      }
    }
  },
  6 * hours,
);

onceWhole(
  "a disk that fills up while an image is built is named, and nothing half-written is taken for whole",
  () => {
    newRecipe();
    const small = join(checkout.home, "small");
    mkdirSync(small);
    const script = [
      'mount -t tmpfs -o size=300M none "$1" || exit 99',
      '"$2" image build "$3"',
      "code=$?",
      'ls -A "$1/images/$3" >&2',
      "exit $code",
    ].join("\n");
    const [program = "", ...argv] = inNamespace(isRoot(), [
      ...["sh", "-c", script, "sh", small],
      ...[join(checkout.folder, "bin/kmvm"), miniImage],
    ]);
    const { status, stdout, stderr } = spawnSync(program, argv, {
      encoding: "utf8",
      env: { ...process.env, KMVM_HOME: small },
      cwd: checkout.folder,
    });
    expect({ status, stdout, stderr }).toMatchObject({ status: 3, stdout: "" });
    expect(stderr).toMatch("the disk is full");
    expect(stderr).toMatch("KMVM_HOME");
    expect(stderr.slice(-200)).not.toMatch(/^(\d{8}\.|promoted|\.building)/m);
  },
  hours,
);

onceWhole(
  "two builds of the same image at once: the second waits, is told for whom, and finds it built",
  async () => {
    newRecipe();
    const versions = () => readdirSync(images).filter((name) => /^\d{8}\./.test(name)).length;
    const before = existsSync(images) ? versions() : 0;
    const [one, two] = await Promise.all([
      checkout.kmvm(...command, "--keep", "99"),
      checkout.kmvm(...command, "--keep", "99"),
    ]);
    expect([one, two]).toMatchObject([{ code: 0 }, { code: 0 }]);
    expect(one.stdout).toBe(two.stdout);
    expect(one.stderr + two.stderr).toMatch(/waiting for another build: process \d+ of \w+, at it since/);
    expect(versions()).toBe(before + 1);
  },
  hours,
);

test("a build that is told to stop says how things are", async () => {
  newRecipe();
  const running = checkout.start(command);
  expect(await Promise.race([running.ended, new Promise((resolve) => setTimeout(resolve, 5000, "runs"))])).toBe("runs");
  running.signal("SIGINT");
  const { code, stderr } = await running.ended;
  expect(code).toBe(130);
  expect(stderr).toContain("interrupted; the promoted version is as it was");
  expect(strays()).toEqual([]);
}, 120_000);

onceWhole(
  "a version whose smoke test fails is not promoted, the check is named, no machine is left",
  async () => {
    if (!existsSync(join(images, "promoted"))) {
      newRecipe();
      expect(await checkout.kmvm(...command)).toMatchObject({ code: 0 });
    }
    const before = promoted();
    writeMiniRecipe(checkout.folder, `echo "not ok 1 - the moon is full"; echo "# it is half"; exit 1`);
    const { code, stderr } = await checkout.kmvm(...command);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/failed its smoke test:\s+the moon is full\s+it is half/);
    expect(promoted()).toBe(before);
    expect({ strays: strays(), left: checkout.leftovers() }).toEqual({ strays: [], left: [] });
    // It stays where it can be looked at, and promoted by hand; the one before comes back by a roll-back.
    const failed = readdirSync(images)
      .filter((name) => /^\d{8}\./.test(name))
      .sort((a, b) => a.localeCompare(b, "en", { numeric: true }))
      .at(-1);
    expect(await checkout.kmvm("image", "promote", `${miniImage}@${failed}`)).toMatchObject({ code: 0 });
    expect(promoted()).toBe(failed);
    expect(await checkout.kmvm("image", "rollback", miniImage)).toMatchObject({ code: 0 });
    expect(promoted()).toBe(before);
  },
  hours,
);
