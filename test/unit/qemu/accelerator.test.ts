import { describe, expect, test } from "@jest/globals";
import { chooseAccelerator, type HostFacts } from "../../../provider/qemu/accelerator";

const good: HostFacts = { flag: "vmx", deviceProblem: undefined, probeProblem: undefined, nested: true };

describe("the accelerator", () => {
  test.each<[string, Partial<HostFacts>, "kvm" | "tcg", RegExp]>([
    ["everything works", {}, "kvm", /vmx in \/proc\/cpuinfo and a probe guest ran/],
    ["the CPU flag is missing, whatever the device says", { flag: undefined }, "tcg", /no vmx or svm flag/],
    ["the device cannot be opened", { deviceProblem: "EACCES" }, "tcg", /EACCES.*group kvm.*In CI/],
    ["the device is not there", { deviceProblem: "ENOENT" }, "tcg", /ENOENT.*load kvm_intel.*--device \/dev\/kvm/],
    ["AMD's module is named for AMD", { flag: "svm", deviceProblem: "ENOENT" }, "tcg", /kvm_amd/],
    [
      "the probe guest hung",
      { probeProblem: "nothing within 2 s" },
      "tcg",
      /probe guest did not run \(nothing within 2 s\)/,
    ],
    ["nesting is off: kvm, and it says what to do", { nested: false }, "kvm", /no \/dev\/kvm in.*kvm_intel nested=1/],
  ])("%s", (_, facts, name, reason) => {
    const chosen = chooseAccelerator({ ...good, ...facts });
    expect(chosen.name).toBe(name);
    expect(chosen.reason).toMatch(reason);
  });

  test("in software, the guest's CPU can nest all the same", () => {
    expect(chooseAccelerator({ ...good, flag: undefined }).cpu).toContain("+svm");
  });
});
