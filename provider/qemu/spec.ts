/** What of an image version a machine needs; provider/images gives more. */
export interface MachineImage {
  readonly name: string;
  readonly version: string;
  /** Absolute path; only ever read. */
  readonly disk: string;
  readonly diskFormat: "raw" | "qcow2";
  /** For direct boot. Its NVMe and ext4 drivers are built in, so that from an NVMe disk no initrd is needed. */
  readonly kernel: string;
  readonly initrd: string;
}

/**
 * nvme: the disk that boots fastest. migratable: what QEMU can save and restore; it has no code for NVMe (QEMU 7.2,
 * `unmigratable` in hw/nvme/ctrl.c), so this one has virtio-blk, and the door of scripts/guest/warm.
 */
export const hardwares = ["nvme", "migratable"] as const;
export type Hardware = (typeof hardwares)[number];

/** A booted machine on disk, to start others from: files that are only read. Absolute paths. */
export interface WarmImage {
  /** Device state, as QEMU's migration writes it. */
  readonly state: string;
  /** The guest's memory, mapped by each clone for itself: what none of them has changed, they share. */
  readonly memory: string;
  /** qcow2 over the image's disk. */
  readonly disk: string;
  /** What the machine that was saved had written on its console: a clone's begins with it. */
  readonly console: string;
}

/** Marks by which a machine is found and attributed when no state knows it any more. */
export interface MachineTags {
  readonly project: string;
  /** Hash of the URL of the state that owns the machine. */
  readonly backendHash: string;
  readonly stack: string;
  readonly runId: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** user@host */
  readonly owner: string;
}

/** direct: QEMU loads the kernel; uefi: the firmware does, from the disk. */
export const boots = ["direct", "uefi"] as const;
export type Boot = (typeof boots)[number];

export interface MachineSpec {
  /** `idPattern`; also the guest's host name. */
  readonly id: string;
  readonly image: MachineImage;
  readonly boot: Boot;
  readonly vcpus: number;
  readonly memoryMiB: number;
  /** Size of the disk that the guest sees; at least the image's. */
  readonly diskGiB: number;
  /** ISO 8601. QEMU ends then, whatever else is dead. */
  readonly expiresAt: string;
  /** User that `authorizedKey` logs in as; it is in the image. */
  readonly user: string;
  /** One OpenSSH public key line. */
  readonly authorizedKey: string;
  /** ed25519; the private one in OpenSSH's format. */
  readonly hostKey: { readonly publicKey: string; readonly privateKey: string };
  readonly tags: MachineTags;
  /** Start as a clone of this one; absent: boot. */
  readonly warm?: WarmImage;
  /** Run so that it can be saved: migratable, its memory in a file of its folder. */
  readonly toBeSaved?: true;
  /** Units of systemd that its direct boot starts beside what the image starts; one that the image lacks is ignored. */
  readonly alsoStart?: readonly string[];
  /** Id of the machine that it is a clone of, and is removed with. */
  readonly cloneOf?: string;
}

/** A host name label and a folder name. */
export const idPattern = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

export type MachineState = "running" | "stopped" | "half-made";

export interface Machine {
  readonly id: string;
  readonly folder: string;
  /** Loopback address and port that lead to the guest's port 22. */
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** QEMU's process. */
  readonly pid: number;
  readonly accelerator: string;
  readonly consolePath: string;
  readonly imageVersion: string;
  /** warm: as a clone of a booted machine. */
  readonly started: "cold" | "warm";
  readonly expiresAt: string;
  readonly tags: MachineTags;
}

/** A machine as it is found: of one that is half made or stopped not everything is known. */
export interface InspectedMachine extends Omit<Machine, "address" | "port" | "pid" | "accelerator"> {
  readonly address: string | undefined;
  readonly port: number | undefined;
  readonly pid: number | undefined;
  readonly accelerator: string | undefined;
  /** stopped: it ran once, and can run again from its disk; half-made: it never did. */
  readonly state: MachineState;
  /** Stopped because its QEMU was killed, not by shutting down: what the guest wrote last may be lost. */
  readonly crashed: boolean;
}

/** What a caller can pass to everything that takes time. */
export interface Options {
  /** One line of progress for a person. */
  readonly log?: (line: string) => void;
  readonly signal?: AbortSignal;
}
