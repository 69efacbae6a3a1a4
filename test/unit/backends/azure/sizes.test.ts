import { describe, expect, test } from "@jest/globals";
import { chosenSize, fitting, lacks, type Need } from "../../../../components/backends/azure/choose-size";
import { hourly, premiumHourly } from "../../../../components/backends/azure/prices";
import { families, findSize, sizes } from "../../../../components/backends/azure/sizes";

const need = (given: Partial<Need> = {}): Need => ({
  device: "/dev/kvm",
  vcpus: 2,
  memoryMiB: 2048,
  diskGiB: 20,
  osDisk: "managed",
  ...given,
});

describe("the size of a machine", () => {
  test.each<[string, Partial<Need>, string | undefined]>([
    ["the smallest of the preferred family", {}, "Standard_D2s_v5"],
    ["as many processors as asked for", { vcpus: 5 }, "Standard_D8s_v5"],
    ["more memory rather than more processors", { memoryMiB: 16384 }, "Standard_E2s_v5"],
    ["one with a disk of its own", { osDisk: "ephemeral" }, "Standard_D2ads_v5"],
    ["one whose own disk is large enough", { osDisk: "ephemeral", diskGiB: 100 }, "Standard_D4ads_v5"],
    ["one that has a GiB for the firmware as well", { osDisk: "ephemeral", diskGiB: 75 }, "Standard_D4ads_v5"],
    ["one whose own disk is just large enough", { osDisk: "ephemeral", diskGiB: 74 }, "Standard_D2ads_v5"],
    ["none, where nothing is large enough", { vcpus: 200 }, undefined],
  ])("is %s", (_what, given, expected) => {
    expect(chosenSize(need(given), undefined)?.name).toBe(expected);
  });

  test("is the one asked for, however it is spelled", () => {
    expect(chosenSize(need(), "standard_d4s_V3")?.name).toBe("Standard_D4s_v3");
    expect(chosenSize(need(), "Standard_M416ms_v2")).toBeUndefined();
  });

  test("never lacks what is needed, and is followed by others to fall back to", () => {
    for (const device of ["/dev/kvm", "/dev/kkm"] as const)
      for (const osDisk of ["managed", "ephemeral"] as const) {
        const found = fitting(need({ device, osDisk, vcpus: 4 }));
        expect(found.length).toBeGreaterThan(1);
        for (const size of found) expect(lacks(size, need({ device, osDisk, vcpus: 4 }))).toEqual([]);
        if (device === "/dev/kvm") expect(found.every(({ family }) => families[family].nested)).toBe(true);
      }
  });

  // Those of Intel before the fifth version have it, but not with Trusted Launch.
  test.each(["Standard_D4as_v4", "Standard_D4s_v3"])(
    "%s, without nested virtualisation, does for /dev/kkm alone",
    (name) => {
      const size = findSize(name);
      expect(size && lacks(size, need())).toEqual([expect.stringContaining("nested")]);
      expect(size && lacks(size, need({ device: "/dev/kkm" }))).toEqual([]);
    },
  );

  test("has a name that nothing else has", () => {
    expect(new Set(sizes.map(({ name }) => name.toLowerCase())).size).toBe(sizes.length);
  });
});

describe("the price of an hour", () => {
  test("of a premium disk is that of its tier", () => {
    expect(premiumHourly(20)).toBe(premiumHourly(32));
    expect(premiumHourly(33)).toBeGreaterThan(premiumHourly(32));
    expect(premiumHourly(2048)).toBeCloseTo(2 * premiumHourly(1024));
  });

  test("is that of the family for each processor, and of the region, with the address", () => {
    expect(hourly("Standard_D4s_v5", "westus2", false)).toBeCloseTo(0.197, 3);
    expect(hourly("Standard_D8s_v5", "westus", false)).toBeCloseTo(0.453, 3);
  });

  test.each([
    ["an unknown size", "Standard_X", "westus2", false],
    ["an unknown region", "Standard_D4s_v5", "mars1", false],
    ["a family that was not looked up", "Standard_E4s_v5", "westus2", false],
    ["a machine that can be taken away", "Standard_D4s_v5", "westus2", true],
  ])("is not known, rather than nothing, of %s", (_what, size, region, spot) => {
    expect(hourly(size, region, spot)).toBeUndefined();
  });
});
