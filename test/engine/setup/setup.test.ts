import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { retryUntil } from "../../../lib/retry";
import { setupCheckout, type SetupCheckout } from "../../support/setup-checkout";

const answers = (engine: string): string => execFileSync(engine, ["version"], { encoding: "utf8" }).trim();

describe("scripts/setup, with stand-ins for go, npm, dpkg and kmvm", () => {
  let checkout: SetupCheckout;
  beforeEach(() => {
    checkout = setupCheckout();
  });
  afterEach(() => {
    checkout.remove();
  });

  test("does every step once, says so, and leaves only what is used", async () => {
    const { code, text } = await checkout.run();
    expect({ code, text }).toMatchObject({ code: 0 });
    expect(text).toMatch(/\[2\/5\] installs npm packages \(about .*\[3\/5\] gets the Pulumi engine.*\[5\/5\]/s);
    expect(answers(checkout.engine)).toBe("v3.246.0");
    expect(["go", "npm", "kmvm"].map((name) => checkout.calls(name))).toEqual([1, 1, 1]);
    expect(readdirSync(join(checkout.home, "engine")).sort()).toEqual(["3.246.0", "3.246.0-kit"]);
  }, 30_000);

  test("has nothing to do and to say the second time", async () => {
    await checkout.run();
    const { code, text } = await checkout.run();
    expect({ code, text }).toEqual({ code: 0, text: "" });
    expect(["go", "npm", "kmvm"].map((name) => checkout.calls(name))).toEqual([1, 1, 1]);
  }, 30_000);

  test("looks at what is there instead of trusting that it was done", async () => {
    await checkout.run();
    rmSync(join(checkout.folder, "node_modules", "one"), { recursive: true });
    writeFileSync(checkout.engine, "not a program");
    rmSync(join(checkout.home, "images", "L0-base", "promoted"));
    expect((await checkout.run()).code).toBe(0);
    expect(["go", "npm", "kmvm"].map((name) => checkout.calls(name))).toEqual([2, 2, 2]);
    expect(answers(checkout.engine)).toBe("v3.246.0");
  }, 30_000);

  test("installs npm packages again when the lock file changes", async () => {
    await checkout.run();
    writeFileSync(join(checkout.folder, "package-lock.json"), '{"changed": true}\n');
    await checkout.run();
    expect(["go", "npm"].map((name) => checkout.calls(name))).toEqual([1, 2]);
  }, 30_000);

  test("run twice at once: the second waits, names the first, and finds everything done", async () => {
    const first = checkout.start({ FAKE_SECONDS: "1" });
    await retryUntil({
      what: "the first set-up to be at work",
      timeoutMs: 10_000,
      intervalMs: 20,
      attempt: () => (first.text().includes("[2/5]") ? true : undefined),
    });
    const second = await checkout.run();
    expect((await first.ended).code).toBe(0);
    expect(second.code).toBe(0);
    expect(second.text).toContain(`is being set up by process ${first.pid}; waiting for it`);
    expect(["go", "npm", "kmvm"].map((name) => checkout.calls(name))).toEqual([1, 1, 1]);
  }, 30_000);

  test("where packages may not be installed, says which are missing and the exact command", async () => {
    // Root may always install; so the set-up runs as nobody here, where the test itself runs as root.
    const asNobody = process.getuid?.() === 0;
    if (asNobody) execFileSync("chown", ["-R", "65534:65534", join(checkout.folder, "..")]);
    chmodSync(join(checkout.folder, "scripts", "setup"), 0o755);
    const wrapper = join(checkout.folder, "scripts", "setup");
    if (asNobody) {
      execFileSync("mv", [wrapper, `${wrapper}.real`]);
      checkout.program(
        wrapper,
        `#!/bin/sh\nexec setpriv --reuid 65534 --regid 65534 --clear-groups ${wrapper}.real "$@"\n`,
      );
    }
    const { code, text } = await checkout.run({ FAKE_ABSENT: "mtools qemu-utils" });
    expect(code).not.toBe(0);
    expect(text).toContain("missing, and this user may not install them");
    expect(text).toContain(
      "sudo apt-get update && sudo apt-get install -y --no-install-recommends mtools qemu-utils\n",
    );
    expect(checkout.calls("npm")).toBe(0);
    // With the packages there, the same user can do the rest.
    expect((await checkout.run()).code).toBe(0);
  }, 30_000);

  test("refuses a step that it does not know, and names those that it does", async () => {
    const { code, text } = await checkout.run({}, ["paint"]);
    expect(code).not.toBe(0);
    expect(text).toContain("steps: packages node-modules engine command-plugin image");
  });

  test("a failing build shows the end of its output, and leaves no engine", async () => {
    const bin = join(checkout.folder, "broken");
    checkout.program(
      join(bin, "go"),
      '#!/bin/sh\n[ "$1" = version ] && echo "go version go1.99.0 linux/amd64" && exit\necho no space >&2; exit 4\n',
    );
    const { code, text } = await checkout.run({ PATH: `${bin}:${process.env["PATH"] ?? ""}` }, ["engine"]);
    expect(code).not.toBe(0);
    expect(text).toMatch(/the build of the engine failed \(exit code 4\)[^]*no space/);
    expect(existsSync(checkout.engine)).toBe(false);
  }, 30_000);

  test("a compatible engine on PATH is used, and nothing is built", async () => {
    const bin = join(checkout.folder, "theirs");
    checkout.program(join(bin, "pulumi"), "#!/bin/sh\necho v3.250.1\n");
    checkout.program(join(bin, "pulumi-language-nodejs"), "#!/bin/sh\n");
    const env = { PATH: `${bin}:${process.env["PATH"] ?? ""}` };
    expect((await checkout.run(env, ["engine"])).code).toBe(0);
    expect(readlinkSync(checkout.engine)).toBe(join(bin, "pulumi"));
    expect((await checkout.run(env, ["engine"])).text).toBe("");
    expect(checkout.calls("go")).toBe(0);
  }, 30_000);

  test.each([
    ["too old", "v3.245.9", true, /is version 3\.245\.9; needed is 3\.246\.0 or later/],
    ["of the next major version", "v4.0.0", true, /is version 4\.0\.0/],
    ["without its language host", "v3.250.1", false, /has no pulumi-language-nodejs/],
  ])(
    "an engine on PATH that is %s is not used, and that is said",
    async (_what, version, host, said) => {
      const bin = join(checkout.folder, "theirs");
      checkout.program(join(bin, "pulumi"), `#!/bin/sh\necho ${version}\n`);
      if (host) checkout.program(join(bin, "pulumi-language-nodejs"), "#!/bin/sh\n");
      const fakes = join(__dirname, "..", "..", "support", "setup-fakes");
      const { code, text } = await checkout.run({ PATH: `${fakes}:${bin}:${process.env["PATH"] ?? ""}` }, ["engine"]);
      expect(code).toBe(0);
      expect(text).toMatch(said);
      expect(answers(checkout.engine)).toBe("v3.246.0");
    },
    30_000,
  );
});
