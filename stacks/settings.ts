import type { Device, Isolation, RunRequest, Source, Target } from "../lib/run-request";
import type { StartPolicy } from "../lib/start-policy";
import { backendNames } from "../components/backends/load";
import type { BackendConfigurations, BackendName } from "../components/backends/registry";
import type { StackName } from "./name";

/** Where machines can run. */
export const backends = backendNames;
export type { BackendName };

export { isolations } from "../lib/run-request";

export const keepPolicies = ["never", "on-failure", "always"] as const;
export type KeepPolicy = (typeof keepPolicies)[number];

/**
 * All settings of a stack, parsed once by `parseSettings` and never changed. Times are seconds, sizes as named. Each
 * backend's own settings are under its name: `settings.qemu`, `settings.aws`, `settings.azure`.
 */
export interface Settings extends BackendConfigurations {
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
  readonly isolate: Isolation;
  /** How many directories run side by side; absent: what memory and processors allow. */
  readonly jobs: number | undefined;
  /** Instance type or size of the provider; absent: chosen by device, vcpus and memoryMiB. Clouds only, as what follows. */
  readonly size: string | undefined;
  /** Whether the machine may be one that the provider can take away, for less. */
  readonly spot: boolean;
  /** Availability zone of the machine; absent: as the backend's own settings say, or one that the provider chooses. */
  readonly zone: string | undefined;
  /** The only IPv4 address that may log in, `192.0.2.1/32`; absent: this host's own, as the internet sees it. */
  readonly callerCidr: string | undefined;
  /** What a run may cost at most, USD, by the estimate before it; absent: anything. */
  readonly maxCostUsd: number | undefined;
}
