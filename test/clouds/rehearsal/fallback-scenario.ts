import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import { testUnless } from "../../support/needs";
import { endedWith, missingForKmvm, type Ended } from "../../support/own-checkout";
import { scriptFaults } from "../lib/faults";
import type { CloudCheckout } from "./cloud-checkout";
import { missingForRehearsal } from "./needs";

/** Places of a cloud where machines are refused. */
export interface FallbackFacts<Cloud extends CloudCheckout> {
  /** For a person: `AWS`. */
  readonly name: string;
  open(): Promise<Cloud>;
  /** Token of the provider whose making is refused. */
  readonly machine: string;
  readonly size: string;
  readonly zone: string;
  /** What the provider's refusal is called. */
  readonly refusal: string;
  /** Sizes that are tried where none is asked for. */
  readonly sizes: readonly string[];
  /** Size, zone and market of the machine that is there, as the cloud knows it. */
  placeOf(cloud: Cloud, id: string): { readonly size: unknown; readonly zone: unknown; readonly spot: boolean };
  /** More that is to be seen of a machine, while its guest runs. The last one may end it. */
  readonly guest?: readonly { readonly what: string; look(cloud: Cloud): Promise<void> }[];
}

const missing = missingForKmvm() ?? missingForRehearsal();
/** Generous: guests are emulated. */
const limit = 900_000;
const stack = "vm-dev-place";

/** Missing capacity, with a real guest in the place that has it. */
export function describeFallback<Cloud extends CloudCheckout>(facts: FallbackFacts<Cloud>): void {
  const { name, machine, size, zone, refusal, sizes } = facts;
  let cloud: Cloud;

  beforeAll(async () => {
    if (missing === undefined) cloud = await facts.open();
  }, limit);

  afterAll(async () => {
    if (missing === undefined) await cloud.close();
  }, limit);

  const up = (...flags: string[]): Promise<Ended> =>
    cloud.checkout.kmvm("vm", "up", "--id", "place", "--backend", cloud.backend, ...flags);
  const refuse = (times: number) => {
    scriptFaults(cloud.store, [{ at: `create ${machine}`, kind: "capacity", times }]);
  };
  const left = () => [...cloud.difference(), ...cloud.problems(), ...cloud.checkout.leftovers()];

  describe(`a machine on the rehearsed ${name} for which there is no capacity`, () => {
    testUnless(missing)(
      "in the first place is made in the second, and the refusal is told in one line",
      async () => {
        refuse(1);
        const ended = await up("--size", size, "--set", `zone=${zone}`, "--spot");
        endedWith(0, ended);
        expect(ended.stderr.replace(/ +/g, " ")).toContain(
          ` refused ${size} as spot in zone ${zone}: capacity (${refusal}); next is ${size} in zone ${zone}\n`,
        );
        const machines = cloud.living().map((id) => facts.placeOf(cloud, id));
        expect(machines).toEqual([{ size, zone, spot: false }]);
        endedWith(0, await cloud.checkout.kmvm("exec", stack, "--", "true"));
      },
      limit,
    );

    testUnless(missing)(
      "lets in who comes while its set-up goes on: sshd is started once, and with keys only",
      async () => {
        const script =
          "cloud-init status --wait >/dev/null; sudo journalctl -b -q -u ssh -o cat | grep -c ^Starting; sudo sshd -T | grep ^passwordauth";
        const text = endedWith(0, await cloud.checkout.kmvm("exec", stack, "--", "sh", "-c", script));
        expect(text).toBe("1\npasswordauthentication no\n");
      },
      limit,
    );

    testUnless(missing)(
      "is then what the stack's configuration asks for: a preview changes nothing",
      async () => {
        endedWith(0, await cloud.checkout.pulumi("preview", "-s", stack, "--expect-no-changes"));
      },
      limit,
    );

    for (const { what, look } of facts.guest ?? []) testUnless(missing)(what, () => look(cloud), limit);

    testUnless(missing)(
      "leaves nothing of either place when it is deleted",
      async () => {
        endedWith(0, await cloud.checkout.kmvm("vm", "delete", stack));
        expect(left()).toEqual([]);
      },
      limit,
    );

    testUnless(missing)(
      "anywhere is no fault of the user's: all places are told, and nothing is left",
      async () => {
        refuse(100);
        const ended = await up();
        endedWith(3, ended);
        const text = ended.stderr.replace(/ +/g, " ");
        expect(text).toContain("INFRA");
        const told = sizes.map((one) => ` refused ${one}: capacity (${refusal})\n`).join("");
        expect(text).toContain(`refused in ${sizes.length} places:\n${told}`);
        expect(left()).toEqual([]);
      },
      limit,
    );
  });
}
