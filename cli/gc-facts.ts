import type { MachineRemains, MachineSummary } from "../components/backends/facets";
import type { BackendName } from "../stacks/settings";

/** What `kmvm gc` saw, all of it before it judges anything. Times are milliseconds as Date.now() gives them. */
export interface GcFacts {
  /** Hash of our own state. */
  readonly backendHash: string;
  readonly machines: readonly MachineFacts[];
  readonly stacks: readonly StackFacts[];
  readonly remains: readonly Remains[];
  readonly builds: readonly BuildFacts[];
  readonly files: readonly FileFacts[];
  readonly processes: readonly ProcessFacts[];
}

export interface MachineFacts extends MachineSummary {
  readonly backend: BackendName;
  /** It belongs to one process and to no stack, and that process is gone. */
  readonly makerGone: boolean;
}

/** A stack that our state, a lease, a lock or a machine names. */
export interface StackFacts {
  readonly name: string;
  readonly lease:
    | {
        readonly held: boolean;
        readonly pid: number;
        readonly command: string;
        /** Whether the command's death leaves the stack half done. */
        readonly halfDone: boolean;
      }
    | undefined;
  /** Locks of the engine; undefined where the state's backend does not show them. */
  readonly locks: readonly { readonly pid: number; readonly dead: boolean }[] | undefined;
  /** What the engine had begun and not ended. */
  readonly pending: readonly string[];
  readonly resourceIds: readonly string[];
  /** When what the stack made expires, as its state says. */
  readonly expiresAt: string | undefined;
}

export interface Remains extends MachineRemains {
  readonly backend: BackendName;
}

/** An image that was being built, as provider/images tells them: nobody is at it any more. */
export interface BuildFacts {
  readonly path: string;
  readonly what: string;
}

/** A file or folder of ours that lives as long as a process. */
export interface FileFacts {
  readonly path: string;
  readonly what: string;
  /** Whether the process that it is of runs; unknown where its name does not tell. */
  readonly owner: "alive" | "dead" | "unknown";
  readonly changedAt: number;
}

/** A plugin or runner of this checkout that nobody waits for. */
export interface ProcessFacts {
  readonly pid: number;
  readonly startTime: number;
  readonly program: string;
}
