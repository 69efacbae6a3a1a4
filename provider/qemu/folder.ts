import { join } from "node:path";
import { homeFolders } from "../../lib/paths";

/** Files of a machine's folder, by the names that QEMU, which works in it, uses. */
export const files = {
  /** The whole specification without secrets, and what has become of it. */
  record: "machine.json",
  overlay: "overlay.qcow2",
  firmwareVariables: "efivars.fd",
  /** The guest's serial console over all its boots. */
  console: "console.log",
  /** What QEMU itself says. */
  log: "qemu.log",
  qmp: "qmp.sock",
  /** Written, locked and at its end removed by QEMU. */
  pid: "qemu.pid",
  /**
   * Kept for as long as the machine: one that is stopped before its first boot is through needs them again, and the
   * guest's disk beside them holds the same.
   */
  credentials: "credentials",
  tmpfilesExtra: "credentials/tmpfiles.extra",
  /** The same for a clone, which does not boot. */
  identity: "credentials/identity.json",
  /** Of a machine that is to be saved: its memory, then its devices. */
  memory: "memory",
  state: "state",
  migration: "migration.sock",
  /** The host's end of the door of scripts/guest/warm. */
  door: "door.sock",
} as const;

/** The host's ends of the shells of scripts/guest/warm: each runs one script at a time. */
export const shellSockets = ["shell0.sock", "shell1.sock", "shell2.sock"] as const;

export function machineFolder(home: string, id: string): string {
  return join(homeFolders.machines(home), id);
}

/** A machine whose record is not whole yet, and one whose removal is under way: neither is a machine. */
export const leftoverPattern = /^\.(new|gone)-/;
export const newFolder = (home: string, id: string, unique: string) =>
  join(homeFolders.machines(home), `.new-${id}.${unique}`);
export const goneFolder = (home: string, id: string, unique: string) =>
  join(homeFolders.machines(home), `.gone-${id}.${unique}`);
