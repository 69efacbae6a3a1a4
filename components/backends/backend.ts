import type * as pulumi from "@pulumi/pulumi";
import type { BackendName, Settings } from "../../stacks/settings";
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
  /**
   * How names of environment variables begin that its SDK takes credentials and endpoints from: `AWS_`. Who calls the
   * provider is started with these, too. @default none
   */
  readonly environmentPrefixes?: readonly string[];
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
  /** How the console is read where it is no file on this host; absent where it is one. */
  readonly console?: pulumi.Output<ConsolePlace | undefined>;
  /** What the provider charges for it as; absent where nothing is charged. */
  readonly offer?: pulumi.Output<Offer>;
}

/** All that it takes to read a machine's console: `loadFacets(backend, configuration)`, then `console.text(id)`. */
export interface ConsolePlace {
  readonly backend: BackendName;
  readonly id: string;
  /** The backend's own settings: `settings.aws`. Nothing in them is secret. */
  readonly configuration: unknown;
}

/** What a provider charges a machine as. */
export interface Offer {
  /** Instance type or size of the provider. */
  readonly size: string;
  readonly region: string;
  readonly spot: boolean;
}

export interface ImageArgs {
  /** Name of the recipe: recipes/<name>.yaml. */
  readonly recipe: string;
  readonly settings: Settings;
  /** As of MachineArgs. */
  readonly backendHash: string;
}

export interface ImageHandle {
  readonly resource: pulumi.Resource;
  readonly version: pulumi.Output<string>;
}

export interface Pricing {
  /** Day of the figures, `2026-11-22`. */
  readonly asOf: string;
  /** USD for one hour of running; undefined: not known, which is not the same as nothing. Pure. */
  hourly(size: string, region: string, spot: boolean): number | undefined;
  /** USD for one hour of the disk of a machine of these settings, in any region whose prices are known. Pure. */
  diskHourly(settings: Settings): number;
  /** What a machine of these settings will first be asked for as; the settings have passed `validate`. Pure. */
  offer(settings: Settings): Offer;
}

/** A place that machines run in. What verbs can do with them: `Facets`. */
export interface Backend {
  readonly name: string;
  readonly capabilities: Capabilities;
  /** Problems that only this backend can know of. Pure. */
  validate(settings: Settings): Problem[];
  image(name: string, args: ImageArgs, opts?: pulumi.ComponentResourceOptions): ImageHandle;
  machine(name: string, args: MachineArgs, opts?: pulumi.ComponentResourceOptions): MachineHandle;
  /** Absent where nothing is charged. */
  readonly pricing?: Pricing;
}
