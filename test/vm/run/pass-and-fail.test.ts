import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runResultSchema, type RunResult } from "../../../lib/run-result";
import { testUnless } from "../../support/needs";
import { missingForKmvm, ownCheckout, type Ended, type OwnCheckout } from "../../support/own-checkout";

const missing = missingForKmvm();
/** Generous: the machine may be busy. What is slow is for `npm run bench` to say. */
const seconds = 900_000;

let checkout: OwnCheckout;

beforeAll(() => {
  checkout = ownCheckout();
});

afterAll(() => {
  checkout.remove();
});

const evidenceOf = (stack: string, run = "1") => join(checkout.folder, "runs", stack, run);

function resultOf(stack: string, run = "1"): RunResult {
  return runResultSchema.parse(JSON.parse(readFileSync(join(evidenceOf(stack, run), "result.json"), "utf8")));
}

const payload = (name: string) => `test/fixtures/payloads/${name}`;

describe("a run that passes", () => {
  let ended: Ended;

  beforeAll(async () => {
    if (missing === undefined)
      ended = await checkout.kmvm("test", "samples/km-hello", "--id", "pass", "--target", "test-all");
  }, seconds);

  testUnless(missing)("ends with 0 and shows log and verdict", () => {
    expect({ code: ended.code, text: ended.stderr }).toEqual({ code: 0, text: expect.stringContaining("PASS") });
    expect(ended.stderr).toContain("km-hello: testing /dev/kvm");
    expect(ended.stderr).toMatch(/ok 1 the guest adds/);
  });

  testUnless(missing)("brings every case home", () => {
    const { verdict, cases, machine } = resultOf("test-dev-pass");
    expect(verdict).toBe("pass");
    expect(machine).toMatchObject({ imageVersion: expect.stringMatching(/^\d{8}\.\d+-[0-9a-f]{12}$/) });
    expect(cases.length).toBeGreaterThan(2);
    expect(new Set(cases.map(({ outcome }) => outcome))).toEqual(new Set(["passed"]));
  });

  testUnless(missing)("leaves whole evidence", () => {
    const folder = evidenceOf("test-dev-pass");
    const files = [
      "result.json",
      "junit.xml",
      "test.log",
      "console.log",
      "settings.json",
      "timings.json",
      "report.html",
    ];
    for (const file of files) expect({ file, there: existsSync(join(folder, file)) }).toEqual({ file, there: true });
    expect(readdirSync(join(folder, "artifacts"), { recursive: true }).map(String)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/dmesg/),
        expect.stringMatching(/journal/),
        expect.stringMatching(/packages/),
      ]),
    );
    expect(readFileSync(join(folder, "console.log"), "utf8")).toContain("Linux version");
  });

  testUnless(missing)("leaves nothing else", () => {
    expect(checkout.leftovers()).toEqual([]);
  });
});

testUnless(missing)(
  "a failing payload ends with 1, its case is named, and the machine is gone",
  async () => {
    const { code, stderr } = await checkout.kmvm("test", payload("fail"), "--id", "fail", "--keep", "never");
    expect(code).toBe(1);
    expect(stderr).toContain("the moon is made of cheese");
    const { verdict, failedStep, cases } = resultOf("test-dev-fail");
    expect({ verdict, failedStep }).toEqual({ verdict: "fail", failedStep: `test ${payload("fail")}` });
    expect(cases.filter(({ outcome }) => outcome === "failed").map(({ name }) => name)).toEqual([
      expect.stringContaining("the moon is made of cheese"),
    ]);
    const junit = readFileSync(join(evidenceOf("test-dev-fail"), "junit.xml"), "utf8");
    expect(junit).toMatch(/<testcase[^>]*moon is made of cheese[^>]*>\s*<failure/);
    expect(checkout.leftovers()).toEqual([]);
  },
  seconds,
);

testUnless(missing)(
  "several directories share one machine, and a failing one does not stop the next",
  async () => {
    const directories = [payload("fail"), payload("environment"), "samples/km-hello"];
    const { code, stderr } = await checkout.kmvm(
      ...["test", "--id", "many", "--keep", "never", "--set", `source=${checkout.folder}`],
      ...directories.flatMap((directory) => ["--directory", directory]),
      ...["--env", `GREETING=it's $HOME "x"`],
    );
    expect(code).toBe(1);
    expect(stderr).toContain(`greeting=it's $HOME "x"`);
    const { steps } = resultOf("test-dev-many");
    const tests = steps.filter(({ name }) => name === "test");
    expect(tests.map(({ directory, exitCode }) => [directory, exitCode === 0])).toEqual([
      [payload("fail"), false],
      [payload("environment"), true],
      ["samples/km-hello", true],
    ]);
  },
  seconds,
);

testUnless(missing)(
  "/dev/kkm comes from a module that is built, loaded and tested in the machine",
  async () => {
    const kkm = join(checkout.folder, "test/fixtures/kkm-fixture");
    const { code, stderr } = await checkout.kmvm(
      "test",
      "samples/km-hello",
      "--id",
      "kkm",
      "--device",
      "/dev/kkm",
      "--kkm-source",
      kkm,
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining("test_kkm: interface version 12") });
    expect(stderr).toContain("km-hello: testing /dev/kkm");
  },
  seconds,
);

describe("a failing run that is kept", () => {
  const stack = "test-dev-kept";
  let ended: Ended;

  beforeAll(async () => {
    if (missing !== undefined) return;
    ended = await checkout.kmvm("test", payload("fail"), "--id", "kept", "--keep", "on-failure", "--ttl", "1h");
  }, seconds);

  testUnless(missing)("says how to get in, how to replay, and until when", () => {
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(
      /until \d{4}-\d\d-\d\dT.*\nkmvm ssh test-dev-kept\nkmvm exec test-dev-kept -- km-test\n$/,
    );
  });

  testUnless(missing)(
    "can be entered",
    async () => {
      const { code, stdout } = await checkout.kmvm(
        "ssh",
        stack,
        "--",
        "cat",
        "/var/lib/kmvm/source/test/fixtures/payloads/fail/Makefile",
      );
      expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining("moon is made of cheese") });
    },
    seconds,
  );

  testUnless(missing)(
    "can be replayed by the line it printed",
    async () => {
      const { code, stdout } = await checkout.kmvm("exec", stack, "--", "km-test");
      expect({ code, stdout }).toEqual({
        code: 1,
        stdout: expect.stringContaining("not ok 2 - the moon is made of cheese"),
      });
    },
    seconds,
  );

  testUnless(missing)(
    "runs again in the same machine",
    async () => {
      const machine = async () => (JSON.parse((await checkout.kmvm("ls", "--json")).stdout) as { id: string }[])[0]?.id;
      const before = await machine();
      const again = await checkout.kmvm("test", "samples/km-hello", "--id", "kept", "--keep", "always");
      expect({ code: again.code, stderr: again.stderr }).toEqual({
        code: 0,
        stderr: expect.stringContaining("used again"),
      });
      expect(await machine()).toBe(before);
      expect(resultOf(stack, "2").verdict).toBe("pass");
    },
    seconds,
  );

  testUnless(missing)(
    "is removed by vm delete, with everything",
    async () => {
      expect(await checkout.kmvm("vm", "delete", stack)).toMatchObject({ code: 0 });
      expect(checkout.leftovers()).toEqual([]);
    },
    seconds,
  );
});

test("ten mistakes are ten messages, exit 2, and nothing is created", async () => {
  const wrong = [
    "backend=aws2",
    "vcpus=many",
    "memoryMiB=1",
    "diskGiB=0",
    "bootTimeout=x",
    "hangTimeout=-1",
    "colour=red",
  ];
  const { code, stderr } = await checkout.kmvm(
    ...["test", "samples/km-hello", "--id", "wrong", "--device", "/dev/null", "--target", "all", "--keep", "maybe"],
    ...wrong.flatMap((setting) => ["--set", setting]),
  );
  expect(code).toBe(2);
  expect(stderr.match(/; allowed: /g)).toHaveLength(10);
  expect(checkout.leftovers()).toEqual([]);
}, 30_000);
