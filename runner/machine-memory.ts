import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { checkoutFolders } from "../lib/paths";
import { writeWhole } from "./evidence-folder";

/** What the last run in a machine left there, for the next run in the same machine. */
const memorySchema = z.object({
  machineId: z.string(),
  /** Where the console of the next run begins. */
  consoleOffset: z.number(),
  /** Key of the source tree at each place in the guest. */
  trees: z.record(z.string(), z.string()),
});
export type MachineMemory = z.infer<typeof memorySchema>;

const fileOf = (root: string, stack: string) => join(checkoutFolders.runs(root), stack, "machine.json");

/** A machine that no run has been in yet, as far as is known, has neither. */
export async function recallMachine(root: string, stack: string, machineId: string): Promise<MachineMemory> {
  const nothing = { machineId, consoleOffset: 0, trees: {} };
  try {
    const memory = memorySchema.parse(JSON.parse(await readFile(fileOf(root, stack), "utf8")));
    return memory.machineId === machineId ? memory : nothing;
  } catch {
    return nothing;
  }
}

export function rememberMachine(root: string, stack: string, memory: MachineMemory): Promise<void> {
  return writeWhole(fileOf(root, stack), `${JSON.stringify(memory)}\n`);
}
