import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { checkoutFolders } from "../lib/paths";
import { exitWithParent } from "../plugin/parent-watch";

/** Why a run is ended early. */
export class Cancelled extends Error {
  override readonly name = "Cancelled";
}

/** Milliseconds that a cancelled run has to bring home what there is, before this process ends whatever it does. */
const longestEnding = 20_000;

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
  rmSync(file, { force: true });
  setInterval(() => {
    if (existsSync(file)) cancel("on request");
  }, 200).unref();
  return controller.signal;
}
