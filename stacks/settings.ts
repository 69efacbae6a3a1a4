import type { Device, RunRequest, Source, Target } from "../lib/run-request";
import type { StackName } from "./name";

export const backends = ["qemu"] as const;
/** auto: as a clone of a booted machine where that is possible; cold: boot; warm: as a clone or not at all. */
export const starts = ["auto", "cold", "warm"] as const;
export type StartPolicy = (typeof starts)[number];
export type BackendName = (typeof backends)[number];

export const keepPolicies = ["never", "on-failure", "always"] as const;
export type KeepPolicy = (typeof keepPolicies)[number];

/** All settings of a stack, parsed once by `parseSettings` and never changed. Times are seconds, sizes as named. */
export interface Settings {
  readonly stack: StackName;
  readonly backend: BackendName;
  /** `L0-base`: the promoted version at the time the machine is made; `L0-base@<version>`: that one. */
  readonly image: string;
  readonly vcpus: number;
  readonly memoryMiB: number;
  readonly diskGiB: number;
  /** How long the machine may live. */
  readonly ttl: number;
  readonly keep: KeepPolicy;
  readonly device: Device;
  readonly target: Target;
  readonly source: Source;
  readonly directories: readonly string[];
  readonly imageVersion: string | undefined;
  readonly runtime: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
  readonly registry: RunRequest["registry"];
  readonly kkmSource: Source | undefined;
  readonly githubToken: string | undefined;
  readonly limits: RunRequest["limits"];
  /** Another number runs the tests again in the same machine. */
  readonly attempt: number;
  readonly start: StartPolicy;
  /** qemu only. */
  readonly qemu: {
    /** direct: QEMU loads the kernel; uefi: the firmware does, from the disk. */
    readonly boot: "direct" | "uefi";
  };
}
