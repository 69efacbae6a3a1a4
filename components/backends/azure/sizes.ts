/** What all sizes of a family have in common. */
export interface Family {
  /** Name of its quota, as usages list it. */
  readonly quota: string;
  /**
   * Whether guests of it have the processor's virtualisation, and so /dev/kvm, as machines of security type
   * TrustedLaunch: most of the fifth version have, none of before
   * (learn.microsoft.com/azure/virtual-machines/trusted-launch#unsupported-features).
   */
  readonly nested: boolean;
  /** Where an ephemeral system disk lies; undefined: it can have none. */
  readonly ephemeral: "CacheDisk" | "ResourceDisk" | undefined;
}

/**
 * Facts about families, each of which can be of security type TrustedLaunch. That, and ephemeral disks, are stated on the
 * page of each:
 * learn.microsoft.com/azure/virtual-machines/sizes/general-purpose/<family>-series (dsv5, ddsv5, dadsv5, dsv3, dasv4)
 * and .../memory-optimized/esv5-series. Names of quotas: `az vm list-usage`.
 */
export const families = {
  Dsv5: { quota: "standardDSv5Family", nested: true, ephemeral: undefined },
  Ddsv5: { quota: "standardDDSv5Family", nested: true, ephemeral: "ResourceDisk" },
  Dadsv5: { quota: "standardDADSv5Family", nested: true, ephemeral: "ResourceDisk" },
  Dsv3: { quota: "standardDSv3Family", nested: false, ephemeral: "CacheDisk" },
  Dasv4: { quota: "standardDASv4Family", nested: false, ephemeral: "CacheDisk" },
  Esv5: { quota: "standardESv5Family", nested: true, ephemeral: undefined },
} as const satisfies Record<string, Family>;
export type FamilyName = keyof typeof families;

export interface Size {
  /** `Standard_D4s_v5`. */
  readonly name: string;
  readonly family: FamilyName;
  readonly vcpus: number;
  readonly memoryMiB: number;
  /** Largest ephemeral system disk, GiB; 0: none. */
  readonly ephemeralGiB: number;
}

interface Series {
  readonly family: FamilyName;
  readonly name: (vcpus: number) => string;
  /** GiB of memory for each vCPU. */
  readonly memoryPerVcpu: number;
  /** GiB of ephemeral disk for each vCPU. */
  readonly ephemeralPerVcpu: number;
  readonly vcpus: readonly number[];
}

const upTo96 = [2, 4, 8, 16, 32, 48, 64, 96];

/** In the order of preference among equals: the first is what runs get. Memory and disks grow with the vCPUs. */
const series: readonly Series[] = [
  {
    family: "Dsv5",
    name: (n) => `Standard_D${n}s_v5`,
    memoryPerVcpu: 4,
    ephemeralPerVcpu: 0,
    vcpus: upTo96,
  },
  {
    family: "Dadsv5",
    name: (n) => `Standard_D${n}ads_v5`,
    memoryPerVcpu: 4,
    ephemeralPerVcpu: 37.5,
    vcpus: upTo96,
  },
  {
    family: "Ddsv5",
    name: (n) => `Standard_D${n}ds_v5`,
    memoryPerVcpu: 4,
    ephemeralPerVcpu: 37.5,
    vcpus: upTo96,
  },
  {
    family: "Esv5",
    name: (n) => `Standard_E${n}s_v5`,
    memoryPerVcpu: 8,
    ephemeralPerVcpu: 0,
    vcpus: [2, 4, 8, 16, 32, 48, 64],
  },
  {
    family: "Dsv3",
    name: (n) => `Standard_D${n}s_v3`,
    memoryPerVcpu: 4,
    ephemeralPerVcpu: 25,
    vcpus: [2, 4, 8, 16, 32, 48, 64],
  },
  {
    family: "Dasv4",
    name: (n) => `Standard_D${n}as_v4`,
    memoryPerVcpu: 4,
    ephemeralPerVcpu: 25,
    vcpus: upTo96,
  },
];

/** Every size that is known here. */
export const sizes: readonly Size[] = series.flatMap(({ family, name, memoryPerVcpu, ephemeralPerVcpu, vcpus }) =>
  vcpus.map((n) => ({
    name: name(n),
    family,
    vcpus: n,
    memoryMiB: n * memoryPerVcpu * 1024,
    ephemeralGiB: Math.floor(n * ephemeralPerVcpu),
  })),
);

/** The provider compares names without regard to case. */
export function findSize(name: string): Size | undefined {
  return sizes.find((size) => size.name.toLowerCase() === name.toLowerCase());
}
