import { describe, expect, test } from "@jest/globals";
import { chosenType, fitting, lacks } from "../../../../components/backends/aws/choose-size";
import { pricing } from "../../../../components/backends/aws/prices";
import { findType, instanceTypes, isBareMetal } from "../../../../components/backends/aws/sizes";
import { awsStack } from "./settings";

const need = { device: "/dev/kvm", vcpus: 2, memoryMiB: 2048 } as const;

describe("the table of instance types", () => {
  test("names none twice", () => {
    expect(new Set(instanceTypes.map(({ name }) => name)).size).toBe(instanceTypes.length);
  });

  test.each([
    ["m8i.xlarge", 4, 16],
    ["c8i-flex.2xlarge", 8, 16],
    ["r8i.large", 2, 16],
  ])("%s has %d vCPU and %d GiB", (name, vcpus, gib) => {
    expect(findType(name)).toMatchObject({ vcpus, memoryMiB: gib * 1024 });
  });
});

describe("the size of a machine", () => {
  test("for /dev/kvm is one with nested virtualisation, the fewest vCPUs first, then the least memory", () => {
    expect(chosenType({ ...need, size: undefined })?.name).toBe("c8i-flex.large");
    expect(chosenType({ ...need, memoryMiB: 8192, size: undefined })?.name).toBe("m8i-flex.large");
    expect(chosenType({ ...need, vcpus: 3, size: undefined })?.name).toBe("c8i-flex.xlarge");
  });

  test("for /dev/kkm is one without, which is cheaper", () => {
    expect(chosenType({ ...need, device: "/dev/kkm", size: undefined })?.name).toBe("c5.large");
  });

  test("is never bare metal, which does not boot the image", () => {
    expect(instanceTypes.filter(({ name }) => isBareMetal(name))).toEqual([]);
    expect(["m5.metal", "m8i.metal-48xl"].every(isBareMetal)).toBe(true);
  });

  test("is none where no type has that much", () => {
    expect(chosenType({ ...need, vcpus: 64, memoryMiB: 4 * 1024 * 1024, size: undefined })).toBeUndefined();
  });

  test("every type that fits has what is asked for", () => {
    for (const vcpus of [1, 2, 5, 17, 64])
      for (const memoryMiB of [512, 4097, 65536])
        for (const device of ["/dev/kvm", "/dev/kkm"] as const)
          for (const type of fitting({ device, vcpus, memoryMiB }))
            expect(lacks(type, { device, vcpus, memoryMiB })).toEqual([]);
  });
});

describe("prices", () => {
  test("grow with the vCPUs within a family, and include the public address", () => {
    expect(pricing.hourly("m5.xlarge", "us-east-1", false)).toBeCloseTo(0.197, 3);
    expect(pricing.hourly("m8i.xlarge", "us-west-2", false)).toBeCloseTo(0.2167, 3);
  });

  test("of the disk grow with it", () => {
    const large = awsStack({}, { diskGiB: "73" });
    expect(pricing.diskHourly(large)).toBeCloseTo(0.008);
  });

  test("of a spot machine are told as the most that it can be", () => {
    expect(pricing.hourly("m5.xlarge", "us-east-1", true)).toBe(pricing.hourly("m5.xlarge", "us-east-1", false));
  });

  test("are not known, and not nothing, for another type or region", () => {
    expect(pricing.hourly("p5.48xlarge", "us-east-1", false)).toBeUndefined();
    expect(pricing.hourly("m5.xlarge", "eu-central-1", false)).toBeUndefined();
  });

  test("are known for every type of the table in the dated regions", () => {
    for (const { name } of instanceTypes) expect(pricing.hourly(name, "us-west-2", false)).toBeGreaterThan(0);
  });

  test("are asked for as the settings will", () => {
    expect(pricing.offer(awsStack({}, { spot: "true" }))).toEqual({
      size: "c8i-flex.large",
      region: "us-west-2",
      spot: true,
    });
  });
});
