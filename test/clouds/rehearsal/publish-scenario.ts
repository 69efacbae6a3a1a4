import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { qemuImageTool } from "../../../provider/qemu/binary";
import { imageFolder } from "../../../provider/images/store";
import { changeRecipe, giveVersion } from "../../support/given-image";
import { testUnless } from "../../support/needs";
import { missingForKmvm, type Ended } from "../../support/own-checkout";
import { imageName, localImage } from "./local-image";
import { missingForRehearsal } from "./needs";
import { watchPromoted, type PublishingCheckout, type PublishingFacts } from "./published-images";

const missing = missingForKmvm() ?? missingForRehearsal();
/** Generous: guests are emulated. */
const limit = 1_200_000;

const said = ({ code, stdout, stderr }: Ended) => ({ code, text: stdout + stderr });

/** Publishing the image that set-up built, with real guests: the same outcomes whatever the cloud. */
export function describePublishing({ name, open, holds }: PublishingFacts): void {
  let cloud: PublishingCheckout;
  let disk: string;
  /** Version of the first publication; that of the second, whose test fails. */
  let first: string;
  let second: string;

  beforeAll(async () => {
    if (missing !== undefined) return;
    cloud = await open();
    disk = localImage().disk.path;
    first = await giveVersion(cloud.checkout, imageName, disk);
  }, limit);

  afterAll(async () => {
    if (missing === undefined) await cloud.close();
  }, limit);

  const verb = (...args: string[]): Promise<Ended> => cloud.checkout.kmvm("image", ...args, "--backend", cloud.backend);
  const listed = async () => {
    const { stdout } = await verb("ls", imageName, "--json");
    return (JSON.parse(stdout) as { version: string; promoted: boolean }[]).map(({ version, promoted }) => [
      version,
      promoted,
    ]);
  };

  describe(`publishing an image to the rehearsed ${name}`, () => {
    testUnless(missing)(
      "brings the very bytes of the local version there, boots a machine of them, tests it, and promotes it",
      async () => {
        const published = await verb("publish", imageName);
        expect(said(published)).toEqual({
          code: 0,
          text: expect.stringContaining(`${imageName}@${first} is promoted`),
        });
        expect(published.stdout).toBe(`${imageName}@${first}\n`);
        const { version, id, disk: there } = cloud.images.promoted();
        expect(version).toBe(first);
        execFileSync(qemuImageTool, ["compare", "-f", "raw", "-F", there.format, disk, there.path]);
        expect(cloud.images.bootedFrom()).toEqual([id]);
        expect(await listed()).toEqual([[first, true]]);
      },
      limit,
    );

    testUnless(missing)(
      "leaves nothing there but that version, and nothing for gc",
      async () => {
        expect(cloud.difference().map((one) => one.split(" ")[1])).toEqual(holds);
        expect(JSON.parse((await cloud.checkout.kmvm("gc", "--json")).stdout)).toMatchObject({ found: [] });
        expect(cloud.problems()).toEqual([]);
      },
      limit,
    );

    testUnless(missing)(
      "does not promote a candidate whose test fails; tests that begin meanwhile always find the promoted one",
      async () => {
        await changeRecipe(cloud.checkout, imageName);
        // The same disk, in every form that it was brought into.
        const same = join(imageFolder(cloud.checkout.home, imageName), first, "disk.raw");
        second = await giveVersion(cloud.checkout, imageName, same);
        const cases = join(cloud.checkout.folder, "samples", "km-hello", "basic.bats");
        appendFileSync(cases, '\n@test "fails on purpose" {\n  false\n}\n');
        const watch = watchPromoted(cloud.images);
        const published = await verb("publish", imageName);
        const watched = watch.stop();
        expect(said(published)).toEqual({
          code: 1,
          text: expect.stringContaining("did not pass: the promoted version is as it was"),
        });
        expect(watched).toEqual({ looks: expect.any(Number), missing: [] });
        expect(watched.looks).toBeGreaterThan(100);
        expect(cloud.images.bootedFrom().at(-1)).toBe(cloud.images.version(second).id);
        expect(await listed()).toEqual([
          [first, true],
          [second, false],
        ]);
      },
      limit,
    );

    testUnless(missing)(
      "leaves no machine, and no stack but the image's own",
      () => {
        expect(cloud.living()).toEqual([]);
        expect(cloud.checkout.leftovers().filter((one) => !one.includes(`l0-dev-${cloud.backend}`))).toEqual([]);
        expect(cloud.problems()).toEqual([]);
      },
      limit,
    );
  });
}
