import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import { testUnless } from "../../support/needs";
import { missingForKmvm, ownCheckout, type OwnCheckout } from "../../support/own-checkout";

const missing = missingForKmvm();
const seconds = 900_000;

let checkout: OwnCheckout;

beforeAll(() => {
  checkout = ownCheckout();
});

afterAll(() => {
  checkout.remove();
});

const machine = async (stack: string) =>
  JSON.parse((await checkout.pulumi("stack", "output", "-s", stack, "machine")).stdout) as {
    id: string;
    folder: string;
  };

describe("a test stack under the bare engine", () => {
  const stack = "test-dev-bare";

  testUnless(missing)(
    "is made by up, and the verdict is a pass",
    async () => {
      const { code, stdout } = await checkout.pulumi("up", "--yes", "--skip-preview", "-s", stack);
      expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/\+ 10 created/) });
      expect(stdout).toContain("km-hello: testing /dev/kvm");
    },
    seconds,
  );

  testUnless(missing)(
    "has nothing to do at the second up",
    async () => {
      const before = await machine(stack);
      const { code, stdout } = await checkout.pulumi(
        "up",
        "--yes",
        "--skip-preview",
        "-s",
        stack,
        "--expect-no-changes",
      );
      expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining("10 unchanged") });
      expect(await machine(stack)).toEqual(before);
    },
    seconds,
  );

  testUnless(missing)(
    "shows no change in a preview and in a refresh",
    async () => {
      expect(await checkout.pulumi("preview", "-s", stack, "--expect-no-changes")).toMatchObject({ code: 0 });
      expect(await checkout.pulumi("refresh", "--yes", "-s", stack, "--expect-no-changes")).toMatchObject({ code: 0 });
    },
    seconds,
  );

  testUnless(missing)(
    "loses a machine that is removed behind the engine's back at the next refresh",
    async () => {
      const { id } = await machine(stack);
      const { qemuFacets } = await import("../../../components/backends/qemu/facets");
      const home = process.env["KMVM_HOME"];
      process.env["KMVM_HOME"] = checkout.home;
      try {
        await qemuFacets.destroyer.destroy(id);
      } finally {
        if (home === undefined) delete process.env["KMVM_HOME"];
        else process.env["KMVM_HOME"] = home;
      }
      const { code, stdout } = await checkout.pulumi("refresh", "--yes", "-s", stack);
      expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/- 1 (to delete|deleted)/) });
    },
    seconds,
  );

  testUnless(missing)(
    "leaves nothing after destroy --remove",
    async () => {
      expect(await checkout.pulumi("destroy", "--yes", "--remove", "-s", stack)).toMatchObject({ code: 0 });
      expect(checkout.leftovers()).toEqual([]);
    },
    seconds,
  );
});

testUnless(missing)(
  "a failing payload fails the update, and what is there can be destroyed",
  async () => {
    const stack = "test-ci-bare";
    await checkout.pulumi("stack", "init", stack);
    await checkout.pulumi("config", "set", "-s", stack, "kmvm:source", ".");
    await checkout.pulumi("config", "set", "-s", stack, "kmvm:directories", "test/fixtures/payloads/fail");
    const { code, stdout, stderr } = await checkout.pulumi("up", "--yes", "--skip-preview", "-s", stack);
    expect(code).not.toBe(0);
    expect(stdout + stderr).toContain("the moon is made of cheese");
    expect(await checkout.pulumi("destroy", "--yes", "--remove", "-s", stack)).toMatchObject({ code: 0 });
    expect(checkout.leftovers()).toEqual([]);
  },
  seconds,
);

testUnless(missing)(
  "wrong settings and a wrong name are told without a stack trace, and create nothing",
  async () => {
    await checkout.pulumi("stack", "init", "test-dev-wrong");
    await checkout.pulumi("config", "set", "-s", "test-dev-wrong", "kmvm:vcpus", "many");
    const wrong = await checkout.pulumi("preview", "-s", "test-dev-wrong");
    expect(wrong.code).not.toBe(0);
    expect(wrong.stdout + wrong.stderr).toMatch(/vcpus is "many"; allowed: a whole number from 1 to 64/);
    expect(wrong.stdout + wrong.stderr).not.toMatch(/ at .*program/);
    await checkout.pulumi("stack", "rm", "--yes", "test-dev-wrong");
    const unnamed = await checkout.pulumi("preview", "-s", "tset-dev-1");
    expect(unnamed.stdout + unnamed.stderr).toMatch(/kind "tset" is not one of test, vm, l0/);
    await checkout.pulumi("stack", "rm", "--yes", "tset-dev-1");
    expect(checkout.leftovers()).toEqual([]);
  },
  seconds,
);
