import type { Classified } from "../../lib/cloud-errors";
import type { Place } from "../../lib/place";
import type { MachineTags } from "../../lib/tags";
import type { Settings } from "../../stacks/settings";

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
