import type * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../stacks/settings";
import type { Device } from "../../lib/run-request";

/** A mistake in the settings, in words that a person can act on. */
export interface Problem {
  /** The setting, as it is written in the configuration: `vcpus`. */
  readonly key: string;
  readonly value: unknown;
  /** What is allowed. */
  readonly allowed: string;
  /** What to do. */
  readonly fix: string;
}

/** What a backend can do, as data. */
export interface Capabilities {
  /** Devices that a machine of it can offer to a test. */
  readonly devices: readonly Device[];
  /** Whether a machine can be stopped and started again. */
  readonly power: boolean;
  /** Whether the console can be read while the machine runs. */
  readonly console: boolean;
}

export interface MachineArgs {
  readonly settings: Settings;
  readonly runId: pulumi.Input<string>;
  readonly createdAt: pulumi.Input<string>;
  readonly expiresAt: pulumi.Input<string>;
  readonly owner: pulumi.Input<string>;
  /** Hash of the URL of the state that owns the machine; empty where the program is not told. */
  readonly backendHash: pulumi.Input<string>;
  /** Public key that may log in, one OpenSSH line. */
  readonly authorizedKey: pulumi.Input<string>;
  /** Key pair by which the machine shows that it is itself, made before it boots. */
  readonly hostKey: { readonly publicKey: pulumi.Input<string>; readonly privateKey: pulumi.Input<string> };
}

/** A machine as everything above the backend sees it. */
export interface MachineHandle {
  readonly resource: pulumi.Resource;
  readonly id: pulumi.Output<string>;
  readonly address: pulumi.Output<string>;
  readonly port: pulumi.Output<number>;
  readonly user: pulumi.Output<string>;
  readonly imageVersion: pulumi.Output<string>;
  /** What executes the guest's instructions: kvm, tcg, a cloud's hypervisor. */
  readonly accelerator: pulumi.Output<string>;
  /** File on this host with the console, where the backend has one. */
  readonly consolePath: pulumi.Output<string | undefined>;
  /** Folder on this host with the machine's control socket; only on qemu. */
  readonly folder: pulumi.Output<string | undefined>;
}

export interface ImageArgs {
  /** Name of the recipe: recipes/<name>.yaml. */
  readonly recipe: string;
}

export interface ImageHandle {
  readonly resource: pulumi.Resource;
  readonly version: pulumi.Output<string>;
}

/** A place that machines run in. Optional powers are facets of their own, below. */
export interface Backend {
  readonly name: string;
  readonly capabilities: Capabilities;
  /** Problems that only this backend can know of. Pure. */
  validate(settings: Settings): Problem[];
  image(name: string, args: ImageArgs, opts?: pulumi.ComponentResourceOptions): ImageHandle;
  machine(name: string, args: MachineArgs, opts?: pulumi.ComponentResourceOptions): MachineHandle;
}

/** One machine as `kmvm ls` and `kmvm gc` see it. */
export interface MachineSummary {
  readonly id: string;
  readonly stack: string;
  readonly runId: string;
  readonly state: "running" | "stopped" | "half-made";
  readonly address: string | undefined;
  readonly imageVersion: string | undefined;
  readonly owner: string;
  readonly createdAt: string;
  readonly expiresAt: string;
  /** Hash of the URL of the state that owns it. */
  readonly backendHash: string;
}

export interface Inventory {
  list(): Promise<MachineSummary[]>;
}

export interface Power {
  start(id: string): Promise<void>;
  stop(id: string): Promise<void>;
  /** Back to what its first start left, with the same name and keys. */
  reset(id: string): Promise<void>;
}

export interface Console {
  /** All of the console so far. */
  text(id: string): Promise<string>;
}

/** Removes one machine that no state knows, with everything that belongs to it. Idempotent. */
export interface Destroyer {
  destroy(id: string): Promise<void>;
}

/** What is left of a machine that was being made or removed when whoever did it was killed. */
export interface MachineRemains {
  readonly id: string;
  readonly stage: "being made" | "being removed";
  /** The machine that it was or was to be. */
  readonly machineId: string;
  /** Milliseconds, as Date.now(). */
  readonly changedAt: number;
}

export interface Leftovers {
  list(): Promise<MachineRemains[]>;
  /** Idempotent. */
  remove(id: string): Promise<void>;
}

export interface Facets {
  readonly inventory: Inventory;
  readonly power: Power;
  readonly console: Console;
  readonly destroyer: Destroyer;
  readonly leftovers: Leftovers;
}
