import { existsSync, mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { codeOf } from "../lib/errors";
import { checkoutFolders } from "../lib/paths";
import { exitWithParent } from "../plugin/parent-watch";

/** Why a run is ended early. */
export class Cancelled extends Error {
  override readonly name = "Cancelled";
}

/** Milliseconds that a cancelled run has to bring home what there is, before this process ends whatever it does. */
const longestEnding = 20_000;

/** Milliseconds between the engine's start of the command and this process' own, on a busy host. */
const startingMs = 5000;

/**
 * Removes a request that an earlier run has left: `kmvm` withdraws its own, but one that was killed cannot, and a bare
 * engine does not look. One of this run can be there before this process is, and stays.
 * @param startedAt when this process began, milliseconds since the epoch
 */
export function withdrawStale(file: string, startedAt: number): void {
  try {
    if (statSync(file).mtimeMs < startedAt - startingMs) rmSync(file, { force: true });
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}

/**
 * Aborted when somebody wants the run to end: by a file runs/<stack>/cancel, by SIGINT or SIGTERM, or by the death of
 * the process that started this one.
 */
export function watchForCancel(root: string, stack: string): AbortSignal {
  const controller = new AbortController();
  const cancel = (by: string) => {
    if (controller.signal.aborted) return;
    controller.abort(new Cancelled(by));
    setTimeout(() => process.exit(1), longestEnding).unref();
  };
  process.on("SIGINT", () => {
    cancel("interrupted");
  });
  process.on("SIGTERM", () => {
    cancel("terminated");
  });
  exitWithParent(() => {
    cancel("the process that started the run is gone");
  });
  const folder = join(checkoutFolders.runs(root), stack);
  const file = join(folder, "cancel");
  mkdirSync(folder, { recursive: true });
  withdrawStale(file, performance.timeOrigin);
  setInterval(() => {
    if (existsSync(file)) cancel("on request");
  }, 200).unref();
  return controller.signal;
}
