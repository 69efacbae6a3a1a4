import { existsSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Guest } from "./guest";

let guest: Guest;
beforeEach(async () => {
  guest = await Guest.make();
});
afterEach(() => guest.remove());

const run = () => guest.run("km-test", "--unit");

describe("the steps of a run", () => {
  test("come in order, and each is recorded when it begins and when it ends", async () => {
    await guest.source("a", "echo testing");
    const { code, output } = await run();
    expect(code).toBe(0);
    expect(output.split("\n").filter((line) => line.startsWith("==>"))).toEqual([
      "==> source",
      "==> device",
      "==> registry",
      "==> pull a",
      "==> test a",
    ]);
    const steps = await guest.steps();
    expect(steps.map(({ name, endedAt }) => `${name} ${endedAt === undefined ? "begins" : "ends"}`)).toEqual(
      ["source", "device", "registry", "pull", "test"].flatMap((name) => [`${name} begins`, `${name} ends`]),
    );
    for (const { startedAt } of steps) expect(Math.abs(startedAt - Date.now())).toBeLessThan(60_000);
    expect(await guest.read("run/kmvm/run/exit")).toBe("0");
  });

  test("a directory that fails does not keep the next from being tested, and the run fails", async () => {
    await guest.settings({}, { directories: ["a", "b c"] });
    await guest.source("a", "exit 7");
    await guest.source("b c", "echo the second");
    const { code, output } = await run();
    expect(code).toBe(1);
    expect(output).toContain("the second");
    expect(await guest.ended()).toEqual([
      "source 0",
      "device 0",
      "registry 0",
      "pull a 0",
      "test a 2",
      "pull b c 0",
      "test b c 0",
    ]);
    expect(await guest.read("run/kmvm/run/exit")).toBe("1");
  });

  test.each([
    ["prepare", ["source 0", "device 0", "registry 0"]],
    ["test", ["pull a 0", "test a 0"]],
  ])("in phase %s are %j", async (PHASE, steps) => {
    await guest.settings({ PHASE });
    await guest.source("a", "echo testing");
    expect((await run()).code).toBe(0);
    expect(await guest.ended()).toEqual(steps);
    expect(await guest.read("run/kmvm/run/exit")).toBe("0");
  });

  test("a directory that is not there ends the run as one that could not be made", async () => {
    await guest.settings({}, { directories: ["nowhere"] });
    const { code, output } = await run();
    expect(code).toBe(3);
    expect(output).toContain("the source has no directory nowhere");
    expect(await guest.ended()).toEqual(["source 1"]);
  });

  test("a directory without a makefile is named", async () => {
    await guest.write("var/lib/kmvm/source/a/README", "");
    const { code, output } = await run();
    expect(code).toBe(3);
    expect(output).toContain("the source has no makefile in a");
  });

  test("say why they did nothing, in the log and in the record", async () => {
    await guest.source("a", "true");
    const { output } = await run();
    const why = "no registry is configured (setting registry)";
    expect(output).toContain(`skipped: ${why}`);
    const skipped = (await guest.steps()).filter((step) => step.skipped !== undefined);
    expect(skipped.map(({ name, skipped: reason }) => `${name}: ${reason}`)).toEqual([
      `registry: ${why}`,
      `pull: ${why}`,
    ]);
  });

  test("a test cannot make its own step look skipped", async () => {
    await guest.source("a", "echo sneaky >&4 || true");
    await run();
    expect((await guest.steps()).at(-1)?.skipped).toBeUndefined();
  });

  test("give each directory a folder for its results, and all one for artifacts", async () => {
    await guest.settings({}, { directories: ["a/b", "."] });
    await guest.source("a/b", "echo one > $$KMVM_RESULTS_DIR/r.tap");
    await guest.source(".", "echo two > $$KMVM_RESULTS_DIR/r.tap; echo kept > $$KMVM_ARTIFACTS_DIR/k");
    await run();
    expect(await guest.read("var/lib/kmvm/run/results/1-a-b/r.tap")).toBe("one\n");
    expect(await guest.read("var/lib/kmvm/run/results/2-root/r.tap")).toBe("two\n");
    expect(await guest.read("var/lib/kmvm/run/artifacts/k")).toBe("kept\n");
  });

  test("a makefile finds the top of its tree by git, although history is not sent", async () => {
    await guest.source("a/b", "git rev-parse --show-toplevel");
    await guest.settings({}, { directories: ["a/b"] });
    const { output } = await run();
    expect(output).toContain(`\n${guest.path("var/lib/kmvm/source")}\n`);
  });
});

describe("what a test is given", () => {
  test("variables of the user arrive literally", async () => {
    const value = `it's "quoted" $HOME \`id\` $(touch ${guest.path("executed")}) \\n  two  spaces `;
    await guest.settings({}, { environment: `GREETING=${value}\nEMPTY=\nEQUALS=a=b\n` });
    await guest.source("a", `printf '<%s>\\n' "$$GREETING" "$$EMPTY" "$$EQUALS"`);
    const { output } = await run();
    expect(output).toContain(`<${value}>\n<>\n<a=b>\n`);
    expect(existsSync(guest.path("executed"))).toBe(false);
  });

  test("variables of the user may have the names that the scripts use themselves", async () => {
    const names = ["directory", "settings", "source_tree", "results_dir", "scripts", "record", "line", "known", "IFS"];
    await guest.settings({}, { environment: names.map((name) => `${name}=mine\n`).join("") });
    await guest.source("a", `echo "<$$directory $$settings $$known $$line>"; echo ok > $$KMVM_RESULTS_DIR/ok`);
    const { code, output } = await run();
    expect(output).toContain("<mine mine mine mine>\n");
    expect(code).toBe(0);
    expect(await guest.read("var/lib/kmvm/run/results/1-a/ok")).toBe("ok\n");
  });

  test("variables of the user do not reach the steps that prepare the machine", async () => {
    await guest.settings({ REGISTRY_HOST: "r", REGISTRY_USERNAME: "u" }, { environment: "SHOWN=to-make-only\n" });
    await guest.write("run/kmvm/registry-password", "p");
    await guest.command("docker", 'echo "docker sees ${SHOWN:-nothing}"\n');
    await guest.source("a", "true");
    expect((await run()).output).toContain("docker sees nothing");
  });

  test("device, image version, runtime and registry are make's variables and override a makefile's", async () => {
    await guest.settings({ IMAGE_VERSION: "ci-1", RUNTIME: "/r", REGISTRY_HOST: "h" });
    await guest.write(
      "var/lib/kmvm/source/a/Makefile",
      "HYPERVISOR_DEVICE = x\nIMAGE_VERSION = x\nRUNTIME = x\nREGISTRY = x\npull-testenv-image:\ntest:\n" +
        "\t@echo $(HYPERVISOR_DEVICE) $(IMAGE_VERSION) $(RUNTIME) $(REGISTRY)\n",
    );
    expect((await run()).output).toContain("/dev/kvm ci-1 /r h\n");
  });

  test("the locale is the machine's, not that of the scripts", async () => {
    await guest.source("a", 'echo "locale=<$$LC_ALL>"');
    expect((await run()).output).toContain("locale=<>");
  });
});
