import type { Disk } from "../lib/machine/control";
import type { Thing } from "../lib/store";
import type { Tags } from "./account";

export interface Snapshot extends Thing {
  /** The bytes. */
  readonly disk: Disk;
  readonly sizeGiB: number;
  readonly encrypted: boolean;
  readonly createdAt: string;
  readonly description: string;
  readonly tags: Tags;
}

/** @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ImportSnapshotTask.html */
export interface ImportTask extends Thing {
  readonly state: "active" | "completed" | "deleted";
  readonly description: string;
  /** File with the object's bytes. */
  readonly source: string;
  /** Absent while it is active. */
  readonly snapshotId?: string;
  readonly tags: Tags;
}

export interface Image extends Thing {
  readonly name: string;
  readonly snapshotId: string;
  readonly description: string;
  readonly architecture: string;
  readonly bootMode: string;
  readonly rootDeviceName: string;
  readonly enaSupport: boolean;
  readonly imdsSupport: string | undefined;
  readonly tpmSupport: string | undefined;
  readonly volumeType: string;
  readonly createdAt: string;
  readonly tags: Tags;
}

export const snapshots = "snapshot";
export const images = "image";
export const importTasks = "import-task";
