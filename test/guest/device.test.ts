import { rm } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Guest } from "./guest";

let guest: Guest;
beforeEach(async () => {
  guest = await Guest.make();
  await guest.source("a", "echo testing");
});
afterEach(() => guest.remove());

const run = () => guest.run("km-test", "--unit");

describe("/dev/kvm", () => {
  test("that is there is only opened", async () => {
    expect((await run()).code).toBe(0);
    expect(await guest.calls()).toEqual([""]);
  });

  test.each([
    ["svm", "kvm_amd"],
    ["vmx", "kvm_intel"],
  ])("of a processor with %s comes with the module %s", async (flag, module) => {
    await rm(guest.path("dev/kvm"));
    await guest.write("proc/cpuinfo", `processor\t: 0\nflags\t\t: fpu ${flag}\n`);
    await guest.command("modprobe", `ln -s /dev/null "$KMVM_PREFIX/dev/kvm"\n`);
    expect((await run()).code).toBe(0);
    expect(await guest.calls()).toEqual([`modprobe ${module}`]);
  });

  test("of a processor that cannot virtualise: said so, and nothing is tested", async () => {
    await rm(guest.path("dev/kvm"));
    await guest.write("proc/cpuinfo", "flags\t\t: fpu svm_lock vmxon\n");
    const { code, output } = await run();
    expect(code).toBe(3);
    expect(output).toContain("shows neither svm nor vmx, so nested virtualisation is off");
    expect(output).not.toContain("testing");
    expect((await guest.ended()).at(-1)).toBe("device 1");
  });

  test("whose module does not load: said so", async () => {
    await rm(guest.path("dev/kvm"));
    await guest.command("modprobe", "exit 1\n");
    const { code, output } = await run();
    expect(code).toBe(3);
    expect(output).toContain("the module kvm_amd could not be loaded");
  });

  test("that does not appear although the module is loaded: said so", async () => {
    await rm(guest.path("dev/kvm"));
    const { code, output } = await run();
    expect(code).toBe(3);
    expect(output).toContain("although kvm_amd is loaded: the firmware may have disabled virtualisation");
  });
});

describe("/dev/kkm", () => {
  const settings = { HYPERVISOR_DEVICE: "/dev/kkm" };
  const makefile = (recipe: string) => `default:\n\t@${recipe}\n`;
  beforeEach(async () => {
    await guest.settings(settings);
    await guest.write("var/lib/kmvm/kkm/kkm/Makefile", makefile("echo building"));
    await guest.write(
      "var/lib/kmvm/kkm/test_kkm/Makefile",
      "test_kkm:\n\t@printf '#!/bin/sh\\necho unit test\\nexit $(or $(wildcard fails),0)\\n' > $@; chmod +x $@\n",
    );
    await guest.command("insmod", `ln -s /dev/null "$KMVM_PREFIX/dev/kkm"\n`);
  });

  test("is built, loaded and passes its unit test before anything is tested", async () => {
    const { code, output } = await run();
    expect(output).toMatch(/building[^]*unit test[^]*testing/);
    expect(code).toBe(0);
    expect((await guest.calls())[0]).toBe(`insmod ${guest.path("var/lib/kmvm/kkm/kkm/kkm.ko")}`);
  });

  test("of a source without folders and unit test is taken, too", async () => {
    await rm(guest.path("var/lib/kmvm/kkm"), { recursive: true });
    await guest.write("var/lib/kmvm/kkm/Makefile", makefile("echo building"));
    const { code, output } = await run();
    expect(code).toBe(0);
    expect(output).toContain("no unit test");
    expect((await guest.calls())[0]).toBe(`insmod ${guest.path("var/lib/kmvm/kkm/kkm.ko")}`);
  });

  test("that is loaded from an earlier run is replaced", async () => {
    await guest.write("sys/module/kkm/refcnt", "0");
    expect((await run()).code).toBe(0);
    expect((await guest.calls()).slice(0, 2)).toEqual(["rmmod kkm", expect.stringContaining("insmod")]);
  });

  test.each([
    [
      "does not build",
      () => guest.write("var/lib/kmvm/kkm/kkm/Makefile", makefile("exit 1")),
      "could not be built against kernel",
    ],
    ["does not load", () => guest.command("insmod", "exit 1\n"), "could not be loaded; secure boot must be off"],
    ["gives no device", () => guest.command("insmod", "exit 0\n"), "is loaded, but there is no /dev/kkm"],
    [
      "is still in use",
      async () => {
        await guest.write("sys/module/kkm/refcnt", "1");
        await guest.command("rmmod", "exit 1\n");
      },
      "still in use",
    ],
    [
      "has a unit test that does not build",
      () => guest.write("var/lib/kmvm/kkm/test_kkm/Makefile", "x:\n\t@exit 1\n"),
      "unit test could not be built",
    ],
    ["has no makefile", () => rm(guest.path("var/lib/kmvm/kkm/kkm/Makefile")), "has no makefile"],
  ])("of a module that %s: said so, and nothing is tested", async (_what, breakIt, said) => {
    await breakIt();
    const { code, output } = await run();
    expect(code).toBe(3);
    expect(output).toContain(said);
    expect(output).not.toContain("testing");
    expect((await guest.ended()).at(-1)).toBe("device 1");
  });

  test("of a module whose unit test fails: said so, and nothing is tested", async () => {
    await guest.write(
      "var/lib/kmvm/kkm/test_kkm/Makefile",
      "test_kkm:\n\t@printf '#!/bin/sh\\nexit 1\\n' > $@; chmod +x $@\n",
    );
    const { code, output } = await run();
    expect(code).toBe(3);
    expect(output).toContain("the kkm module's own unit test failed");
    expect(output).not.toContain("testing");
  });
});

test("a device that there is none of is named", async () => {
  await guest.settings({ HYPERVISOR_DEVICE: "/dev/xen" });
  const { code, output } = await run();
  expect(code).toBe(3);
  expect(output).toContain("no such hypervisor device: /dev/xen");
});
