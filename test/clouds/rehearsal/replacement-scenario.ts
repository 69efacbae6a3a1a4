import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import { testUnless } from "../../support/needs";
import { endedWith, missingForKmvm } from "../../support/own-checkout";
import { calls } from "../lib/calls";
import type { CloudCheckout } from "./cloud-checkout";
import { missingForRehearsal } from "./needs";

export interface ReplacementFacts {
  readonly name: string;
  open(): Promise<CloudCheckout>;
  /** A size that is not chosen by itself. */
  readonly size: string;
  /** Calls that remove a machine, and that make one, in this order. */
  readonly expected: readonly [string, string];
}

const missing = missingForKmvm() ?? missingForRehearsal();
const limit = 300_000;
const stack = "vm-dev-replaced";

/** Changes of a machine that is there, without a guest: it goes, then another comes, and then there is nothing to do. */
export function describeReplacement({ name, open, size, expected }: ReplacementFacts): void {
  let cloud: CloudCheckout;

  beforeAll(async () => {
    if (missing !== undefined) return;
    cloud = await open();
    cloud.store.put("policy", { id: "no-machines" });
  }, limit);

  afterAll(async () => {
    if (missing === undefined) await cloud.close();
  }, limit);

  const pulumi = async (...args: string[]): Promise<string> => endedWith(0, await cloud.checkout.pulumi(...args));
  const update = async (...args: string[]): Promise<string[]> => {
    const before = calls(cloud.store).length;
    await pulumi("up", "--yes", "--skip-preview", "-s", stack, ...args);
    const actions = calls(cloud.store)
      .slice(before)
      .map(({ action }) => action);
    return actions.filter((action) => expected.includes(action));
  };

  describe(`a machine on the rehearsed ${name} that is changed`, () => {
    testUnless(missing)(
      "is made once",
      async () => {
        await cloud.checkout.kmvm("vm", "--help");
        await pulumi("stack", "init", stack);
        expect(await update("-c", `kmvm:backend=${cloud.backend}`)).toEqual([expected[1]]);
      },
      limit,
    );

    for (const what of ["size", "disk", "image", "key"] as const)
      testUnless(missing)(
        `another ${what}: it is removed, then its successor is made, and then nothing is to be done`,
        async () => {
          const changes = {
            size: () => Promise.resolve(["-c", `kmvm:size=${size}`]),
            disk: () => Promise.resolve(["-c", "kmvm:diskGiB=25"]),
            image: () => Promise.resolve(["-c", `kmvm:image=${cloud.otherImage}`]),
            key: async () => {
              const listed = await pulumi("stack", "-s", stack, "--show-urns");
              return ["--replace", /urn:\S+SshKey::\S+user-key/.exec(listed)?.[0] ?? "no key"];
            },
          };
          expect(await update(...(await changes[what]()))).toEqual(expected);
          expect(cloud.living()).toHaveLength(1);
          await pulumi("preview", "-s", stack, "--expect-no-changes");
        },
        limit,
      );

    testUnless(missing)(
      "after its end the account is as it was",
      async () => {
        await pulumi("destroy", "--yes", "--skip-preview", "--remove", "-s", stack);
        expect(cloud.difference()).toEqual([]);
        expect(cloud.problems()).toEqual([]);
      },
      limit,
    );
  });
}
