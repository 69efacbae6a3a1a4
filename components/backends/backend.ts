import type * as pulumi from "@pulumi/pulumi";
import type { Classified } from "../../lib/cloud-errors";
import type { Place } from "../../lib/place";
import type { MachineTags } from "../../lib/tags";
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
  /** Whether a machine can be stopped and started again. */
  readonly power: boolean;
  /** Whether the console can be read while the machine runs. */
  readonly console: boolean;
  /** Whether a guest that hangs can be made to tell where, by a non-maskable interrupt: `Console.interrupt`. */
  readonly interrupt: boolean;
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

/** A place that machines run in. Optional powers are facets of their own, below. */
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

/** One machine as `kmvm ls` and `kmvm gc` see it. */
export interface MachineSummary {
  /** The id of a resource by which a stack's state knows the machine: one that is in no state is an orphan. */
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
  /**
   * Back to what its first start left, with the same name and keys.
   * @param log takes lines of progress
   * @throws UserError where the backend cannot do that
   */
  reset(id: string, log?: (line: string) => void): Promise<void>;
}

export interface Console {
  /** How often it may be asked, milliseconds. @default 5000 */
  readonly pollMs?: number;
  /** The console so far; at least its end, where the provider keeps no more. */
  text(id: string): Promise<string>;
  /**
   * Sends a non-maskable interrupt: the guest's kernel panics, and writes its backtraces on the console. Absent: the
   * provider has no such thing.
   */
  interrupt?(id: string): Promise<void>;
}

/** Removes one machine that no state knows, with everything that belongs to it. Idempotent. */
export interface Destroyer {
  destroy(id: string): Promise<void>;
}

/** What is left of a machine that was being made or removed when whoever did it was killed. */
export interface MachineRemains {
  /** As `MachineSummary.id`: remains that a stack's state lists are not left behind. */
  readonly id: string;
  readonly stage: "being made" | "being removed";
  /** The machine that it was or was to be: `<stack>-<run>`. */
  readonly machineId: string;
  /** Whose it is. Absent: nobody's but this host's. */
  readonly tags?: MachineTags;
  /** Milliseconds, as Date.now(). */
  readonly changedAt: number;
}

export interface Leftovers {
  list(): Promise<MachineRemains[]>;
  /** Idempotent. */
  remove(id: string): Promise<void>;
}

/** One limit of an account, and what is left of it. */
export interface QuotaFigure {
  /** The provider's name of it: `standardDSv5Family`. */
  readonly name: string;
  readonly region: string;
  /** `vCPU`. */
  readonly unit: string;
  readonly used: number;
  readonly limit: number;
  /** What one machine of the settings takes of it. */
  readonly needed: number;
}

export interface Quota {
  /** The limits that a machine of these settings meets. */
  figures(settings: Settings): Promise<QuotaFigure[]>;
}

/** Where else a machine may be had, when the provider refuses it in one place. Pure. */
export interface Placement {
  /** In the order in which they are to be tried: the first is what a program of these settings asks for. */
  places(settings: Settings): readonly Place[];
  /**
   * The place to try after a refusal, one of those after `tried` in `all`; undefined: another one would not help.
   * @param refusal the provider's text, as the engine shows it
   */
  next(all: readonly Place[], tried: Place, refusal: string): Place | undefined;
}

/** One thing that `kmvm doctor --backend` looked at. */
export interface Finding {
  /** What was looked at, one or two words. */
  readonly name: string;
  readonly level: "ok" | "warn" | "fail";
  readonly text: string;
  /** What to do about it. */
  readonly fix?: string;
}

/** Credentials, permissions by name, sizes on offer, the promoted image. Quota and prices are asked for elsewhere. */
export interface Preflight {
  /** Creates and changes nothing. Without settings: what can be said without them. */
  check(settings: Settings | undefined): Promise<Finding[]>;
}

/** One version of an image as it was published to a backend. */
export interface PublishedVersion {
  readonly version: string;
  /** The provider's id of it. */
  readonly id: string;
  readonly promoted: boolean;
  /** Whether it was the promoted one before that: what a rollback goes back to. At most one is. */
  readonly previous: boolean;
  /** ISO 8601. */
  readonly createdAt: string;
  /** Whether a machine, of whomever, was made of it and is there. */
  readonly inUse: boolean;
}

/** The versions of images that machines of a backend are made of, where they are not those of the local store. */
export interface ImageVersions {
  /** In the order of their making, the newest last. None: nothing of that name was published. */
  list(name: string): Promise<PublishedVersion[]>;
  /** In one step: whoever resolves the name meanwhile gets the old version or this one. */
  promote(name: string, version: string): Promise<void>;
  /** Idempotent. Refuses the promoted version and one that is in use. */
  remove(name: string, version: string): Promise<void>;
}

/**
 * Steps of publishing an image, where the engine's provider of the backend has none, or none that can be repeated. Each
 * finds what an attempt that was cut short has left, and goes on from there.
 */
export interface Publishing {
  /** @returns where the provider finds the disk */
  upload(
    disk: { readonly file: string; readonly image: string; readonly version: string },
    options: { readonly signal: AbortSignal; readonly onProgress?: (part: number) => void },
  ): Promise<string>;
  hasUpload(image: string, version: string): Promise<boolean>;
  /** Removes what was uploaded, if it is there. */
  removeUpload(image: string, version: string): Promise<void>;
  /**
   * Makes a candidate of a disk that was uploaded.
   * @returns the provider's id of it
   */
  makeVersion(
    version: {
      readonly image: string;
      readonly version: string;
      readonly source: string;
      readonly tags: Readonly<Record<string, string>>;
    },
    options: { readonly signal: AbortSignal },
  ): Promise<string>;
  hasVersion(image: string, version: string): Promise<boolean>;
}

/** What verbs can do with a backend; those that not every backend has are optional. */
export interface Facets {
  readonly inventory: Inventory;
  readonly power: Power;
  readonly console: Console;
  readonly destroyer: Destroyer;
  readonly leftovers: Leftovers;
  /** What an error of the provider is about, by its text as the engine shows it. Pure. */
  readonly explain?: (text: string) => Classified;
  /** Absent: there is one place only. */
  readonly placement?: Placement;
  readonly quota?: Quota;
  readonly preflight?: Preflight;
  readonly images?: ImageVersions;
  readonly publishing?: Publishing;
}
