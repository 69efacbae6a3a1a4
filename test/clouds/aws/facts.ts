/** The account of the rehearsal. The number is the one of the examples in Amazon's documentation. */
export const accountId = "123456789012";
export const region = "us-west-2";
export const zones = ["us-west-2a", "us-west-2b", "us-west-2c"] as const;
export const credentials = {
  AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
  AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
} as const;

export interface InstanceType {
  readonly vcpus: number;
  readonly memoryMiB: number;
  /** Whether it takes `CpuOptions.NestedVirtualization=enabled`. */
  readonly nested: boolean;
  readonly bareMetal: boolean;
}

const family = (name: string, nested: boolean, memoryPerVcpu: number): [string, InstanceType][] =>
  [2, 4, 8, 16].map((vcpus, index) => [
    `${name}.${["large", "xlarge", "2xlarge", "4xlarge"][index]}`,
    { vcpus, memoryMiB: vcpus * memoryPerVcpu, nested, bareMetal: false },
  ]);

/**
 * Types on offer: 2, 4, 8 and 16 vCPU of each family.
 * @see https://docs.aws.amazon.com/ec2/latest/instancetypes/gp.html vCPU and memory
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/amazon-ec2-nested-virtualization.html C8i, M8i, R8i
 */
export const instanceTypes: Readonly<Record<string, InstanceType>> = {
  ...Object.fromEntries([
    ...family("c8i", true, 2048),
    ...family("m8i", true, 4096),
    ...family("r8i", true, 8192),
    ...family("c8i-flex", true, 2048),
    ...family("m8i-flex", true, 4096),
    ...family("m7i", false, 4096),
    ...family("m6i", false, 4096),
    ...family("m5", false, 4096),
    ...family("c5", false, 2048),
  ]),
  "t3.small": { vcpus: 2, memoryMiB: 2048, nested: false, bareMetal: false },
  "t3.medium": { vcpus: 2, memoryMiB: 4096, nested: false, bareMetal: false },
  "t3.large": { vcpus: 2, memoryMiB: 8192, nested: false, bareMetal: false },
  "t3.xlarge": { vcpus: 4, memoryMiB: 16384, nested: false, bareMetal: false },
  "m5.metal": { vcpus: 96, memoryMiB: 393216, nested: false, bareMetal: true },
};

/**
 * Quotas in vCPU.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-on-demand-instances.html#ec2-on-demand-instances-limits
 */
export const quotas = {
  "L-1216C47A": { name: "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", value: 64 },
  "L-34B43A08": { name: "All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests", value: 64 },
} as const;
export type QuotaCode = keyof typeof quotas;

export const vpcId = "vpc-0a1b2c3d4e5f60718";
export const subnets = zones.map((zone, index) => ({
  id: `subnet-0a1b2c3d4e5f6071${index}`,
  zone,
  cidrBlock: `172.31.${index * 16}.0/20`,
}));
