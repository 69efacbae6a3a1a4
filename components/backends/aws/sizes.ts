/** How a guest of an instance type gets /dev/kvm, if it does. */
export type Virtualization = "nested" | "none";

/** What all instance types of a family have in common. */
interface Family {
  readonly name: string;
  /** GiB of memory for each vCPU. */
  readonly memoryPerVcpu: number;
  readonly virtualization: Virtualization;
  /** Endings of the type's name, and their vCPUs. */
  readonly sizes: Readonly<Record<string, number>>;
}

const flexSizes = { large: 2, xlarge: 4, "2xlarge": 8, "4xlarge": 16, "8xlarge": 32, "12xlarge": 48, "16xlarge": 64 };
const eighthGeneration = { ...flexSizes, "24xlarge": 96, "32xlarge": 128 };
const seventhGeneration = { ...flexSizes, "24xlarge": 96, "48xlarge": 192 };
const fifthGeneration = { large: 2, xlarge: 4, "2xlarge": 8, "4xlarge": 16, "8xlarge": 32, "12xlarge": 48 };
const computeFifth = { large: 2, xlarge: 4, "2xlarge": 8, "4xlarge": 16, "9xlarge": 36, "12xlarge": 48 };

/**
 * x86 families of the Nitro system: they have ENA, NVMe and UEFI, which the image needs
 * (docs.aws.amazon.com/ec2/latest/instancetypes/ec2-nitro-instances.html, vCPUs and memory: the pages of each family
 * beside it). Bare metal is not among them: it boots by BIOS only, see `isBareMetal`. Nested virtualisation: the eighth Intel generation and its flex variants only
 * (docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CpuOptionsRequest.html, NestedVirtualization). In the order of
 * preference among equals.
 */
const families: readonly Family[] = [
  { name: "m8i-flex", memoryPerVcpu: 4, virtualization: "nested", sizes: flexSizes },
  { name: "m8i", memoryPerVcpu: 4, virtualization: "nested", sizes: eighthGeneration },
  { name: "c8i-flex", memoryPerVcpu: 2, virtualization: "nested", sizes: flexSizes },
  { name: "c8i", memoryPerVcpu: 2, virtualization: "nested", sizes: eighthGeneration },
  { name: "r8i-flex", memoryPerVcpu: 8, virtualization: "nested", sizes: flexSizes },
  { name: "r8i", memoryPerVcpu: 8, virtualization: "nested", sizes: eighthGeneration },
  { name: "m5", memoryPerVcpu: 4, virtualization: "none", sizes: { ...fifthGeneration, "16xlarge": 64 } },
  { name: "c5", memoryPerVcpu: 2, virtualization: "none", sizes: computeFifth },
  { name: "r5", memoryPerVcpu: 8, virtualization: "none", sizes: { ...fifthGeneration, "16xlarge": 64 } },
  { name: "m7i", memoryPerVcpu: 4, virtualization: "none", sizes: seventhGeneration },
  { name: "c7i", memoryPerVcpu: 2, virtualization: "none", sizes: seventhGeneration },
  { name: "r7i", memoryPerVcpu: 8, virtualization: "none", sizes: seventhGeneration },
];

export interface InstanceType {
  /** `m8i.xlarge`. */
  readonly name: string;
  readonly family: string;
  readonly vcpus: number;
  readonly memoryMiB: number;
  readonly virtualization: Virtualization;
}

/** Every instance type that is known here. */
export const instanceTypes: readonly InstanceType[] = families.flatMap((family) =>
  Object.entries(family.sizes).map(([ending, vcpus]) => ({
    name: `${family.name}.${ending}`,
    family: family.name,
    vcpus,
    memoryMiB: vcpus * family.memoryPerVcpu * 1024,
    virtualization: family.virtualization,
  })),
);

/**
 * Whether it is the name of bare metal, `m5.metal`, `m8i.metal-48xl`: it has no UEFI boot, and the image boots by nothing
 * else (docs.aws.amazon.com/AWSEC2/latest/UserGuide/launch-instance-boot-mode.html, "Instance type").
 */
export const isBareMetal = (name: string): boolean => /^[\w-]+\.metal\b/.test(name);

export function findType(name: string): InstanceType | undefined {
  return instanceTypes.find((type) => type.name === name);
}
