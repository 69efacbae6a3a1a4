import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { messageOf } from "../lib/errors";
import { checkoutFolders } from "../lib/paths";
import type { CliContext } from "./context";
import type { FoundMachine } from "./stack-machines";

/** Its end is what tells; a guest may write as much as it likes. Characters. */
const mostKept = 1_000_000;

/**
 * Keeps what the console of a machine says that could not be made whole, in `runs/<stack>/console.log`: nothing else
 * tells why, and with the machine it goes. That it cannot be had is a warning.
 */
export async function keepLastWords(
  { root, terminal }: CliContext,
  stack: string,
  { facets, machine }: Pick<FoundMachine, "facets" | "machine">,
): Promise<void> {
  try {
    const text = await facets.console.text(machine.id);
    if (text.trim() === "") return;
    const folder = join(checkoutFolders.runs(root), stack);
    const path = join(folder, "console.log");
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, text.slice(-mostKept));
    terminal.step("console", relative(root, path));
  } catch (error) {
    terminal.warn(`the console of ${machine.id} could not be kept: ${messageOf(error)}`);
  }
}
