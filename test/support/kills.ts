import { expect } from "@jest/globals";
import { killMoments } from "./moments";
import { killAfter, type OwnCheckout } from "./own-checkout";

export interface Torture {
  readonly checkout: OwnCheckout;
  /** The command that is killed, as arguments of `kmvm`. */
  readonly command: readonly string[];
  /** Removes what the command leaves on purpose when it is not killed. */
  readonly remove?: readonly string[];
  /** What the command says when it has done its work: killed after that, what it leaves is there on purpose. */
  readonly done?: RegExp;
  /** Called before each start of the command. */
  readonly prepare?: () => void;
  readonly seed: number;
  readonly kills: number;
  /** After every so many kills the command is run to its end, and must succeed. */
  readonly wholeEvery: number;
}

/** Runs the command to its end, with success, and to nothing left. @returns how long it took, milliseconds */
async function runWhole({ checkout, command, remove, prepare }: Torture, context: string): Promise<number> {
  prepare?.();
  const started = Date.now();
  const run = await checkout.kmvm(...command);
  const took = Date.now() - started;
  expect({ context, ...run }).toEqual({ context, ...run, code: 0 });
  if (remove) expect(await checkout.kmvm(...remove)).toMatchObject({ code: 0 });
  expect({ context, left: checkout.leftovers() }).toEqual({ context, left: [] });
  return took;
}

/**
 * Kills the command, with its whole process group, at moments that are spread over its duration. After each one
 * `kmvm gc --yes --now` must leave nothing.
 */
export async function surviveKills(torture: Torture): Promise<void> {
  const { checkout, command, seed, kills, wholeEvery } = torture;
  // The first one bundles the programs and fills caches.
  const duration = Math.min(await runWhole(torture, "first"), await runWhole(torture, "second"));
  /** What was said at the last kill. */
  let said = "";
  /** @returns whether it came before the command had done its work */
  const killAt = async (moment: number): Promise<boolean> => {
    torture.prepare?.();
    const running = checkout.start(command);
    const stopped = await killAfter(running, moment);
    const outcome = torture.done?.test(running.text()) ? "ended" : stopped;
    if (outcome === "ended" && torture.remove) await checkout.kmvm(...torture.remove);
    process.stderr.write(`${outcome} after ${moment} ms of ${duration}\n`);
    const gc = await checkout.kmvm("gc", "--yes", "--now");
    const context = `KMVM_SEED=${seed}, ${outcome} after ${moment} ms of ${duration}\n${running.text()}\n${gc.stdout}${gc.stderr}`;
    expect({ context, code: gc.code, left: checkout.leftovers() }).toEqual({ context, code: 0, left: [] });
    said = context;
    return outcome === "killed";
  };
  let killed = 0;
  for (const drawn of killMoments(seed, kills, duration)) {
    let moment = drawn;
    // Too late, as commands do not always take the same time: earlier, until it is a kill.
    while (!(await killAt(moment))) moment = Math.floor(moment * 0.8);
    killed++;
    if (killed % wholeEvery === 0) await runWhole(torture, `${said}\nand then`);
  }
  torture.prepare?.();
  // Without gc in between: the command itself finds what was left.
  expect(await killAfter(checkout.start(command), duration * 0.6)).toBe("killed");
  await runWhole(torture, "killed, without gc");
}
