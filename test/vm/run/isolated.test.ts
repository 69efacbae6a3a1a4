import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runResultSchema } from "../../../lib/run-result";
import { testUnless } from "../../support/needs";
import { missingForKmvm, ownCheckout, type Ended, type OwnCheckout } from "../../support/own-checkout";

const missing = missingForKmvm();
const seconds = 900_000;

let checkout: OwnCheckout;
beforeAll(() => {
  checkout = ownCheckout();
});
afterAll(() => {
  checkout.remove();
});

/** What each directory's makefile does. */
const directories: Record<string, string> = {
  first: "@hostname; cat /etc/machine-id; test ! -e /root/mark; touch /root/mark",
  "deep/er": "@hostname; cat /etc/machine-id; test ! -e /root/mark; touch /root/mark",
  panics: "@echo about to panic; sync; echo c >/proc/sysrq-trigger; sleep infinity",
  kkm: "@test -c /dev/kkm && echo the module is there",
};

const runs = (...path: string[]) => join(checkout.folder, "runs", "test-dev-isolated", ...path);
const evidence = (...path: string[]) => runs("1", ...path);
const resultOf = (...path: string[]) =>
  runResultSchema.parse(JSON.parse(readFileSync(evidence(...path, "result.json"), "utf8")));
const said = (folder: string) => readFileSync(evidence(folder, "test.log"), "utf8");

describe("a run with a machine for each directory", () => {
  let ended: Ended;

  beforeAll(async () => {
    if (missing !== undefined) return;
    const source = join(checkout.folder, "isolated");
    for (const [directory, recipe] of Object.entries(directories)) {
      mkdirSync(join(source, directory), { recursive: true });
      writeFileSync(join(source, directory, "Makefile"), `test:\n\t${recipe}\n`);
    }
    ended = await checkout.kmvm(
      ...["test", "--id", "isolated", "--isolate", "directory", "--jobs", "2", "--keep", "always"],
      ...["--device", "/dev/kkm", "--kkm-source", join(checkout.folder, "test/fixtures/kkm-fixture")],
      ...["--set", `source=${source}`, ...Object.keys(directories).flatMap((name) => ["--directory", name])],
    );
  }, seconds);

  testUnless(missing)("sets up one machine, and builds and loads the module in it, once", () => {
    expect(resultOf("setup")).toMatchObject({ verdict: "pass" });
    expect(resultOf().steps.filter(({ name }) => name === "device")).toHaveLength(1);
    expect(said("4-kkm")).toContain("the module is there");
  });

  testUnless(missing)("gives each directory a machine that no other one has touched", () => {
    const machines = ["1-first", "2-deep-er"].map((folder) =>
      said(folder).match(/^(test-dev-isolated-\S+|[0-9a-f]{32})$/gm),
    );
    expect(machines.flat()).toHaveLength(4);
    expect(new Set(machines.flat()).size).toBe(4);
    expect(["1-first", "2-deep-er"].map((folder) => resultOf(folder).verdict)).toEqual(["pass", "pass"]);
  });

  testUnless(missing)("loses to a panic that directory only, and says so as a whole", () => {
    expect(resultOf("3-panics")).toMatchObject({ verdict: "infra", reason: "panic" });
    expect(resultOf("4-kkm").verdict).toBe("pass");
    const whole = resultOf();
    expect(whole).toMatchObject({ verdict: "infra", reason: "panic" });
    expect(whole.message).toMatch(/^1 of 4 directories did not pass; panics: /);
    expect(whole.cases.map(({ suite, outcome }) => `${suite} ${outcome}`).sort()).toEqual(
      expect.arrayContaining(["deep/er passed", "first passed", "kkm passed"]),
    );
    expect(ended.code).toBe(3);
    expect(ended.stderr).toMatch(/^\[kkm\] the module is there$/m);
    expect(readFileSync(evidence("junit.xml"), "utf8")).toContain("panic");
  });

  testUnless(missing)(
    "runs again in the machine that was kept, of whose console it sees what is new",
    async () => {
      const { code, stderr } = await checkout.kmvm("test", "--id", "isolated", "--directory", "first");
      expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/tests? passed in 1 directory/) });
      const saw = (run: string) => readFileSync(runs(run, "setup", "console.log"), "utf8").includes("Linux version");
      expect([saw("1"), saw("2")]).toEqual([true, false]);
    },
    seconds,
  );

  testUnless(missing)(
    "leaves no clone, and the machine itself as it was when it was set up",
    async () => {
      expect(readdirSync(join(checkout.home, "machines"))).toHaveLength(1);
      const { code, stdout } = await checkout.kmvm(
        ...["exec", "test-dev-isolated", "--", "sudo", "sh", "-c", "test -c /dev/kkm; ls -A /root; hostname"],
      );
      expect({ code, stdout }).toEqual({
        code: 0,
        stdout: expect.stringMatching(/^(?!.*mark)[^]*test-dev-isolated-\S+\n$/),
      });
      expect((await checkout.kmvm("vm", "delete", "test-dev-isolated")).code).toBe(0);
      expect(checkout.leftovers()).toEqual([]);
    },
    120_000,
  );
});

testUnless(missing)(
  "a machine that was booted cannot be cloned: that is said before anything is created",
  async () => {
    const { code, stderr } = await checkout.kmvm("test", "--id", "cold", "--isolate", "directory", "--start", "cold");
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining("isolate") });
    expect(checkout.leftovers()).toEqual([]);
  },
  seconds,
);
