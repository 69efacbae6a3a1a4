import { ExitCode, UserError } from "../../lib/errors";
import { findFolder } from "./inspect";
import { endedWithin, processesOf, signalAll } from "./processes";
import { TimeoutError } from "../../lib/retry";
import { withQmp } from "./qmp";
import type { Options } from "./spec";

/** One way to end QEMU, and how long it is given. */
interface Means {
  readonly what: string;
  readonly graceMs: number;
  readonly act: (folder: string, id: string) => Promise<unknown>;
}

const askMs = 1500;
const bySignal = (signal: NodeJS.Signals) => async (folder: string, id: string) => {
  signalAll(await processesOf(folder, id), signal);
};

/** Asks the guest to shut down, as a power button does. Under emulation that takes a while. */
const powerButton: Means = {
  what: "the guest was asked to shut down",
  graceMs: 45_000,
  act: (folder) => withQmp(folder, (qmp) => qmp.command("system_powerdown"), askMs),
};

/** From the politest to the surest. */
const offSwitch: readonly Means[] = [
  {
    what: "QEMU was told to quit",
    graceMs: 3000,
    act: (folder) => withQmp(folder, (qmp) => qmp.command("quit"), askMs),
  },
  { what: "SIGTERM", graceMs: 2000, act: bySignal("SIGTERM") },
  { what: "SIGKILL", graceMs: 3000, act: bySignal("SIGKILL") },
];

/** Tries one means after the other until no process of the machine is left. */
async function end(folder: string, id: string, means: readonly Means[], { log, signal }: Options): Promise<void> {
  for (const { what, graceMs, act } of means) {
    if ((await processesOf(folder, id)).length === 0) return;
    // Whether it worked shows in the processes; that QEMU hung up before it answered does not matter.
    const heard = await act(folder, id).then(
      () => true,
      (error: unknown) => !(error instanceof TimeoutError),
    );
    if (await endedWithin(folder, id, heard ? graceMs : 0, signal)) return;
    log?.(`${id}: still there ${graceMs / 1000} s after ${what}`);
  }
  const left = await processesOf(folder, id);
  if (left.length > 0)
    throw new UserError(
      `machine "${id}" cannot be ended: process ${left.map(({ pid }) => pid).join(", ")} does not even heed SIGKILL`,
      `look at it with: ps -o pid,stat,wchan:30,args -p ${left.map(({ pid }) => pid).join(",")}`,
      ExitCode.NotCleanedUp,
    );
}

/** Ends the machine's QEMU without asking the guest. @param folder without symbolic links */
export function switchOff(folder: string, id: string, options: Options): Promise<void> {
  return end(folder, id, offSwitch, options);
}

/** Shuts the guest down and keeps its disk. Nothing to do when it does not run. */
export async function stopMachine(home: string, id: string, options: Options = {}): Promise<void> {
  const folder = await findFolder(home, id);
  if (folder === undefined) throw noSuchMachine(id);
  await end(folder, id, [powerButton, ...offSwitch], options);
}

export function noSuchMachine(id: string): UserError {
  return new UserError(`there is no machine "${id}" on this host`, "kmvm ls shows those that are there");
}
