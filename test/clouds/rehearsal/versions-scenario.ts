import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import { join } from "node:path";
import { changeRecipe, giveVersion, smallDisk } from "../../support/given-image";
import { testUnless } from "../../support/needs";
import { missingForKmvm, type Ended } from "../../support/own-checkout";
import { calls } from "../lib/calls";
import { imageName } from "./local-image";
import { missingForRehearsal } from "./needs";
import { watchPromoted, type PublishingCheckout, type PublishingFacts } from "./published-images";

const missing = missingForKmvm() ?? missingForRehearsal();
const limit = 300_000;

const said = ({ code, stdout, stderr }: Ended) => ({ code, text: stdout + stderr });

/** Versions come and go, without a guest: the same outcomes whatever the cloud. */
export function describeVersions({ name, open, onlyNewest }: PublishingFacts): void {
  let cloud: PublishingCheckout;
  /** Published, the oldest first. */
  const versions: string[] = [];
  /** Kinds of all things while two of them were there. */
  let ofTwo: readonly string[];

  beforeAll(async () => {
    if (missing === undefined) cloud = await open();
  }, limit);

  afterAll(async () => {
    if (missing === undefined) await cloud.close();
  }, limit);

  const verb = (...args: string[]): Promise<Ended> => cloud.checkout.kmvm("image", ...args, "--backend", cloud.backend);
  const publish = (...flags: string[]): Promise<Ended> => verb("publish", imageName, "--no-test", ...flags);
  const newVersion = async (): Promise<string> => {
    if (versions.length > 0) await changeRecipe(cloud.checkout, imageName);
    const disk = smallDisk(join(cloud.checkout.home, `disk-${versions.length}`));
    versions.push(await giveVersion(cloud.checkout, imageName, disk));
    return versions.at(-1) ?? "";
  };
  const promoted = () => cloud.images.promoted().version;
  const listed = async () =>
    (JSON.parse((await verb("ls", imageName, "--json")).stdout) as { version: string }[]).map(({ version }) => version);
  const changing = () => calls(cloud.store).filter(({ changes }) => changes).length;
  const kinds = () => cloud.difference().map((one) => one.split(" ")[1] ?? "");

  describe(`versions of an image on the rehearsed ${name}`, () => {
    testUnless(missing)(
      "nothing is there at first, and that is said",
      async () => {
        expect(said(await verb("ls", imageName))).toEqual({ code: 0, text: expect.stringContaining("is not there") });
        expect(said(await verb("promote", `${imageName}@20260101.1-000000000000`))).toMatchObject({ code: 2 });
      },
      limit,
    );

    testUnless(missing)(
      "a candidate is not promoted; what was published is not uploaded again when it is to be promoted",
      async () => {
        const version = await newVersion();
        expect(said(await publish("--no-promote"))).toMatchObject({ code: 0 });
        expect(promoted).toThrow();
        expect(await listed()).toEqual([version]);
        const before = cloud.images.version(version);
        expect(said(await publish())).toMatchObject({ code: 0 });
        expect(cloud.images.promoted()).toEqual(before);
      },
      limit,
    );

    testUnless(missing)(
      "publishing the promoted one again changes nothing",
      async () => {
        const before = changing();
        expect(said(await publish())).toEqual({ code: 0, text: expect.stringContaining("is promoted already") });
        expect(changing()).toBe(before);
      },
      limit,
    );

    testUnless(missing)(
      "newer ones are added beside it, the pointer moves, the old stay, and whoever looks meanwhile finds one",
      async () => {
        const watch = watchPromoted(cloud.images);
        for (const number of [2, 3]) {
          const version = await newVersion();
          expect(said(await publish())).toMatchObject({ code: 0 });
          expect(promoted()).toBe(version);
          expect(await listed()).toHaveLength(number);
          if (number === 2) ofTwo = kinds().sort();
        }
        expect(watch.stop()).toEqual({ looks: expect.any(Number), missing: [] });
        for (const kind of onlyNewest) expect(kinds().filter((one) => one === kind)).toEqual([kind]);
      },
      limit,
    );

    testUnless(missing)(
      "rollback goes back to what was promoted before; it and promote move the pointer and change nothing else; an update of the stack does not undo them",
      async () => {
        const [first = "", second = ""] = versions;
        const before = cloud.difference();
        expect(said(await verb("rollback", imageName))).toEqual({ code: 0, text: `${imageName}@${second}\n` });
        expect(promoted()).toBe(second);
        expect(said(await publish("--no-promote"))).toMatchObject({ code: 0 });
        expect(promoted()).toBe(second);
        expect(said(await verb("promote", `${imageName}@${first}`))).toMatchObject({ code: 0 });
        expect(promoted()).toBe(first);
        expect(cloud.difference()).toEqual(before);
      },
      limit,
    );

    testUnless(missing)(
      "prune removes what is neither promoted, nor was just before, nor is to be kept, whole; publishing what was pruned brings it back",
      async () => {
        const [first = "", second = "", third = ""] = versions;
        expect(said(await verb("prune", imageName, "--keep", "0"))).toEqual({ code: 0, text: `${third}\n` });
        expect(await listed()).toEqual([first, second]);
        expect(promoted()).toBe(first);
        expect(() => cloud.images.version(third)).toThrow();
        expect(kinds().sort()).toEqual(ofTwo);
        expect(said(await publish())).toMatchObject({ code: 0 });
        expect(promoted()).toBe(third);
      },
      limit,
    );

    testUnless(missing)(
      "gc finds nothing of them left behind, and the API was asked nothing that it does not know",
      async () => {
        const before = cloud.difference();
        expect(said(await cloud.checkout.kmvm("gc", "--yes", "--now"))).toMatchObject({ code: 0 });
        expect(cloud.difference()).toEqual(before);
        expect(cloud.problems()).toEqual([]);
      },
      limit,
    );
  });
}
