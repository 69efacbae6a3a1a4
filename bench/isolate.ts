import { cpSync, existsSync } from "node:fs";
import { join } from "node:path";
import { timed } from "./command";
import { sample } from "./run";
import type { Lab, Scenario } from "./scenario";

const directories = Array.from({ length: 8 }, (_, index) => `d${index + 1}`);

function eightSamples({ root, scratch }: Lab): string {
  const source = join(scratch, "eight");
  if (!existsSync(source))
    for (const directory of directories) cpSync(join(root, sample), join(source, directory), { recursive: true });
  return source;
}

async function wholeRun(lab: Lab, id: string, ...args: string[]): Promise<number> {
  const { seconds, output } = await timed(lab, [
    "bin/kmvm",
    ...["test", "--profile", "dev", "--id", id, "--keep", "never"],
    ...["--set", `source=${eightSamples(lab)}`, ...directories.flatMap((name) => ["--directory", name]), ...args],
  ]);
  if (!/^PASS /m.test(output)) throw new Error(`the run did not pass:\n${output}`);
  return seconds;
}

/** Eight directories, each in a machine of its own, beside all of them in one that boots: as PACKER_DIR does it. */
export const isolate: Scenario = {
  ids: ["isolate.one", "isolate.each", "isolate.ratio"],
  round: async (lab) => {
    const one = await wholeRun(lab, "bench-one", "--start", "cold");
    const each = await wholeRun(lab, "bench-each", "--isolate", "directory");
    return { "isolate.one": one, "isolate.each": each, "isolate.ratio": each / one };
  },
};
