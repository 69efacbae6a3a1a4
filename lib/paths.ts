import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";

/**
 * The checkout that this code runs from: the nearest folder upwards that holds Pulumi.yaml. Works from the sources as
 * well as from a bundle under .kmvm/build.
 */
export function repositoryRoot(from = __dirname): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "Pulumi.yaml"))) return folder;
    if (folder === dirname(folder)) throw new Error(`no Pulumi.yaml in ${from} or above`);
  }
}

/** Where images, machines and the engine are kept: $KMVM_HOME, by default ~/.cache/kmvm. Always absolute. */
export function kmvmHome(env: NodeJS.ProcessEnv = process.env): string {
  return env["KMVM_HOME"] ? resolve(env["KMVM_HOME"]) : join(homedir(), ".cache", "kmvm");
}

/** Folders under $KMVM_HOME, each with one owner. */
export const homeFolders = {
  /** provider/images: versions, pointers, layers. */
  images: (home: string) => join(home, "images"),
  /** provider/qemu: one folder a machine. */
  machines: (home: string) => join(home, "machines"),
  /** scripts/setup: the engine kit. */
  engine: (home: string) => join(home, "engine"),
  /** The engine's own PULUMI_HOME, so that ~/.pulumi is left alone. */
  pulumi: (home: string) => join(home, "pulumi"),
} as const;

/** Folders under the checkout that are not committed. */
export const checkoutFolders = {
  /** The default file backend of the engine. */
  state: (root: string) => join(root, ".kmvm", "state"),
  /** Evidence: runs/<stack>/<n>, and runs/<stack>/latest. */
  runs: (root: string) => join(root, "runs"),
  /** Who is at work on a stack: one file a live `kmvm` command. */
  leases: (root: string) => join(root, ".kmvm", "leases"),
  /** What a command needs while it runs: keys for the system's ssh, files under way. 0700. */
  temporary: (root: string) => join(root, ".kmvm", "tmp"),
} as const;
