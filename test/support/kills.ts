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
  const { checkout, command, remove, prepare, seed, kills, wholeEvery } = torture;
  let duration = await runWhole(torture, "first");

  const collect = async (said: string): Promise<string> => {
    const gc = await checkout.kmvm("gc", "--yes", "--now");
    const context = `${said}\n${gc.stdout}${gc.stderr}`;
    expect({ context, code: gc.code, left: checkout.leftovers() }).toEqual({ context, code: 0, left: [] });
    return context;
  };

  /** Kills it when this part of its duration is over. @returns how that went, to be told with what fails after it */
  const killAt = async (part: number): Promise<string> => {
    prepare?.();
    const started = Date.now();
    const running = checkout.start(command);
    const stopped = await killAfter(running, part * duration);
    const took = Date.now() - started;
    const outcome = torture.done?.test(running.text()) ? "ended" : stopped;
    const moment = `${outcome} after ${took} ms of ${duration}`;
    process.stderr.write(`${moment}\n`);
    const said = `KMVM_SEED=${seed}, ${moment}\n${running.text()}`;
    if (outcome === "killed") return said;
    // It takes less time than was thought: the first one fills caches.
    if (remove) await checkout.kmvm(...remove);
    await collect(said);
    duration = took;
    return killAt(part * 0.9);
  };

  for (const [index, moment] of killMoments(seed, kills, 1000).entries()) {
    const context = await collect(await killAt(moment / 1000));
    if (index % wholeEvery === wholeEvery - 1) await runWhole(torture, `${context}\nand then`);
  }
  // Without gc in between: the command itself finds what was left.
  await runWhole(torture, `${await killAt(0.6)}\nand then, without gc`);
}
