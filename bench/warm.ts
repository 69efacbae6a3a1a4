import { dirname, join } from "node:path";
import { readdir, rm } from "node:fs/promises";
import { systemClock } from "../lib/retry";
import { resolveImage } from "../provider/images/store";
import { warmImage } from "../provider/images/warm";
import { removeMachine, startMachine } from "../provider/qemu/machine";
import { benchMachine, firstSsh } from "./boot";
import { timed } from "./command";
import { ownMiB } from "./memory";
import { firstLine, sample, spansOf } from "./run";
import type { Lab, Scenario } from "./scenario";

/** Runs the sample's test in a clone that is thrown away. */
export const warmArguments = (id: string): [string, ...string[]] => [
  ...(["bin/kmvm", "test", sample] as const),
  ...["--profile", "dev", "--id", id, "--keep", "never", "--start", "warm"],
];

/** A run in a clone. */
export const warm: Scenario = {
  ids: ["warm.first_line", "warm.whole"],
  round: async (lab) => {
    const run = await timed(lab, warmArguments("bench-warm"), { patterns: firstLine });
    const spans = spansOf(lab, "test-dev-bench-warm").map(([name, seconds]) => [`warm.${name}`, seconds] as const);
    return { "warm.first_line": run.at["line"] ?? NaN, "warm.whole": run.seconds, ...Object.fromEntries(spans) };
  },
};

/** `npm start` when there is nothing to set up, without what the sample itself takes in the guest. */
export const start: Scenario = {
  ids: ["start.whole"],
  round: async (lab) => {
    const run = await timed(lab, ["npm", "start", "--silent"]);
    const stack = /^(test-\S+): /m.exec(run.output)?.[1];
    if (stack === undefined) throw new Error(`npm start does not name its stack:\n${run.output}`);
    const own = spansOf(lab, stack).find(([name]) => name === `span.step test ${sample}`)?.[1];
    return { "start.whole": run.seconds - (own ?? NaN) };
  },
};

/** Set-up when there is nothing to do. */
export const setup: Scenario = {
  ids: ["setup.noop"],
  round: async (lab) => ({ "setup.noop": (await timed(lab, ["scripts/setup"])).seconds }),
};

/** A size that no run has, so that none of them finds its warm image gone. */
const rareSize = { vcpus: 2, memoryMiB: 2048, diskGiB: 19 };

async function removeWarmImages({ home }: Lab, before: readonly string[]): Promise<void> {
  const folder = join(dirname((await resolveImage(home, "L0-base")).disk), "warm");
  for (const name of await readdir(folder))
    if (!before.includes(name)) await rm(join(folder, name), { recursive: true, force: true });
}

/** A warm image from nothing. */
export const warmMake: Scenario = {
  ids: ["warm.make"],
  rounds: 3,
  round: async (lab) => {
    const image = await resolveImage(lab.home, "L0-base");
    const before = await readdir(join(dirname(image.disk), "warm")).catch(() => []);
    const started = performance.now();
    await warmImage(lab.home, image, rareSize, {});
    const seconds = (performance.now() - started) / 1000;
    await removeWarmImages(lab, before);
    return { "warm.make": seconds };
  },
};

/**
 * What of a host's memory one more idle clone has for itself: with another one there, whose pages it shares, and without
 * a login, which alone makes QEMU translate 70 MiB of code where it emulates.
 */
export const cloneMemory: Scenario = {
  ids: ["clone.start", "clone.rss"],
  round: async (lab) => {
    const image = await resolveImage(lab.home, "L0-base");
    const { spec, privateKey } = benchMachine("clone", image);
    const other = benchMachine("clone-beside", image).spec;
    const saved = await warmImage(lab.home, image, spec, {});
    try {
      await startMachine(lab.home, { ...other, warm: saved });
      await systemClock.sleep(5000);
      const started = performance.now();
      const machine = await startMachine(lab.home, { ...spec, warm: saved });
      const seconds = (performance.now() - started) / 1000;
      await systemClock.sleep(5000);
      const memory = ownMiB(machine.pid);
      // It was a machine that works.
      await firstSsh({ ...machine, privateKey, hostKey: spec.hostKey.publicKey });
      return { "clone.start": seconds, "clone.rss": memory };
    } finally {
      for (const { id } of [spec, other]) await removeMachine(lab.home, id);
    }
  },
};
