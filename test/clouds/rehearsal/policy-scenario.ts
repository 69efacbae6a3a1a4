import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import { appendFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { tagNames } from "../../../lib/tags";
import { giveVersion, smallDisk } from "../../support/given-image";
import { testUnless } from "../../support/needs";
import { endedWith, missingForKmvm } from "../../support/own-checkout";
import {
  plain,
  userDataOf,
  violations,
  type CloudPolicies,
  type Made,
  type Situation,
} from "../../support/policies/policy";
import { callerAddress } from "../lib/networks";
import { received } from "../lib/received";
import { imageName } from "./local-image";
import { missingForRehearsal } from "./needs";
import type { PublishingCheckout, PublishingFacts } from "./published-images";

const missing = missingForKmvm() ?? missingForRehearsal();
const limit = 300_000;
const stack = "vm-dev-policies";
/** Secrets that a person may have in the environment; none of them is for a machine that runs no test. */
const canaries = { SP_APPID: "canary-robot", SP_PASSWORD: "canary-password", GITHUB_TOKEN: "canary-token" };

/** A line of a private key that no other key has: the first ones say of what kind it is. */
const lineOf = (key: string): string => key.trim().split("\n")[2] ?? key;

const ofType = (made: readonly Made[], type: string) => made.filter((one) => one.type === type);
const tagsIn = ({ inputs }: Made) => inputs["tags"] as Record<string, string>;

/** What the played plugin received for an image and a machine, without a guest. @param machine token of its type */
export function describePolicies(
  { name, open }: Pick<PublishingFacts, "name"> & { open(): Promise<PublishingCheckout> },
  policies: CloudPolicies,
  machine: string,
): void {
  let cloud: PublishingCheckout;
  let situation: Situation;

  beforeAll(async () => {
    if (missing !== undefined) return;
    // Before the checkout takes its environment.
    Object.assign(process.env, canaries);
    cloud = await open();
    // Whose user needs a registry.
    appendFileSync(join(cloud.checkout.folder, "Pulumi.dev.yaml"), "  kmvm:registry: registry.example.org\n");
    cloud.store.put("policy", { id: "no-machines" });
    await giveVersion(cloud.checkout, imageName, smallDisk(join(cloud.checkout.home, "disk-0")));
    endedWith(0, await cloud.checkout.kmvm("image", "publish", imageName, "--backend", cloud.backend, "--no-test"));
    endedWith(0, await cloud.checkout.pulumi("stack", "init", stack));
    const update = ["up", "--yes", "--skip-preview", "-s", stack, "-c", `kmvm:backend=${cloud.backend}`];
    endedWith(0, await cloud.checkout.pulumi(...update));
    const shown = endedWith(0, await cloud.checkout.pulumi("stack", "export", "--show-secrets", "-s", stack));
    const keys = [...shown.matchAll(/-----BEGIN OPENSSH PRIVATE KEY-----(?:\\\\n|\\n)([A-Za-z0-9+/=\\n]+)/g)].map(
      ([, body = ""]) => lineOf(body.replaceAll(/\\+n/g, "\n")),
    );
    const [made] = ofType(received(cloud.store), machine);
    const policy = policies.types[machine];
    const told = policy && made ? userDataOf(plain(made.inputs), policy) : "";
    const hostKey = keys.find((key) => told.includes(key));
    situation = {
      caller: `${callerAddress}/32`,
      owner: (made && tagsIn(made)[tagNames.owner]) ?? "",
      ...(hostKey === undefined ? {} : { hostKey }),
      secrets: [...Object.values(canaries), ...keys.filter((key) => key !== hostKey)],
      persons: [homedir()],
    };
  }, limit);

  afterAll(async () => {
    if (missing === undefined) await cloud.close();
  }, limit);

  describe(`what the rehearsed ${name} receives for an image and a machine`, () => {
    testUnless(missing)("has everything that policies are about", () => {
      expect(ofType(received(cloud.store), machine)).toHaveLength(1);
      // The user's key among them.
      expect(new Set(situation.secrets).size).toBe(Object.keys(canaries).length + 1);
      expect(situation).toMatchObject({ hostKey: expect.any(String), owner: expect.stringContaining("@") });
    });

    testUnless(missing)("keeps to the policies", () => {
      // Where a disk lies on this host stays here: the plugin reads it.
      const made = received(cloud.store).map(({ type, inputs }) => ({
        type,
        inputs: { ...inputs, source: undefined },
      }));
      expect(violations(made, policies, situation)).toEqual([]);
    });

    testUnless(missing)(
      "and the machine's is gone with the stack",
      async () => {
        endedWith(0, await cloud.checkout.pulumi("destroy", "--yes", "--skip-preview", "--remove", "-s", stack));
        expect(cloud.living()).toEqual([]);
        expect(cloud.problems()).toEqual([]);
      },
      limit,
    );
  });
}
