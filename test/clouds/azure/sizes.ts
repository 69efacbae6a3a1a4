export interface Size {
  readonly family: string;
  readonly vcpus: number;
  readonly memoryMiB: number;
  /** Where an ephemeral disk can be; undefined: nowhere. */
  readonly ephemeral: "CacheDisk" | "ResourceDisk" | "NvmeDisk" | undefined;
  /** Whether a guest sees the processor's virtualisation. */
  readonly nested: boolean;
}

const series = (
  name: (vcpus: number) => string,
  common: Omit<Size, "vcpus" | "memoryMiB">,
  perVcpuMiB = 4096,
): [string, Size][] => [2, 4, 8, 16].map((vcpus) => [name(vcpus), { ...common, vcpus, memoryMiB: vcpus * perVcpuMiB }]);

/**
 * Sizes on offer.
 * @see https://learn.microsoft.com/azure/virtual-machines/sizes/overview each series' page: vCPU, memory, nested
 * virtualization, ephemeral OS disk; with Trusted Launch, which all machines of kmvm have, only the fifth version nests
 */
export const sizes: Readonly<Record<string, Size>> = Object.fromEntries([
  ...series((n) => `Standard_D${n}s_v3`, { family: "standardDSv3Family", ephemeral: "CacheDisk", nested: false }),
  ...series((n) => `Standard_D${n}s_v5`, { family: "standardDSv5Family", ephemeral: undefined, nested: true }),
  ...series((n) => `Standard_D${n}ds_v5`, { family: "standardDDSv5Family", ephemeral: "ResourceDisk", nested: true }),
  ...series((n) => `Standard_D${n}ads_v5`, { family: "standardDADSv5Family", ephemeral: "ResourceDisk", nested: true }),
  ...series((n) => `Standard_E${n}s_v5`, { family: "standardESv5Family", ephemeral: undefined, nested: true }, 8192),
  ...series((n) => `Standard_D${n}as_v4`, { family: "standardDASv4Family", ephemeral: "CacheDisk", nested: false }),
]);
