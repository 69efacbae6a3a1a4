import { mkdtempSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { findDescendant, peakRssMiB, watchMemory, type MemoryWatch } from "./memory";
import { latestRun, readResult, runFolder } from "../cli/evidence";
import { systemClock } from "../lib/retry";
import { timed } from "./command";
import type { Lab, Scenario } from "./scenario";

export const firstLine = { line: /^km-hello: / };
export const sample = "samples/km-hello";

export const spansOf = (lab: Lab, stack: string) => {
  const run = latestRun(lab.root, stack);
  const result = run === undefined ? undefined : readResult(runFolder(lab.root, stack, run));
  return (result?.spans ?? []).map(({ name, startMs, endMs }) => [`span.${name}`, (endMs - startMs) / 1000] as const);
};

const verdictAt = { ...firstLine, verdict: /^PASS / };

/** A run from nothing, and its end. */
export const cold: Scenario = {
  ids: ["cold.first_line", "cold.whole", "destroy", "own.rss"],
  round: async (lab) => {
    const stack = "test-dev-bench-cold";
    let memory: MemoryWatch | undefined;
    const run = await timed(
      lab,
      ["bin/kmvm", "test", sample, "--profile", "dev", "--id", "bench-cold", "--keep", "never", "--start", "cold"],
      {
        patterns: verdictAt,
        onStart: (pid) => (memory = watchMemory(pid)),
      },
    );
    return {
      "cold.first_line": run.at["line"] ?? NaN,
      "cold.whole": run.seconds,
      destroy: run.seconds - (run.at["verdict"] ?? NaN),
      "own.rss": memory?.stop() ?? NaN,
      ...Object.fromEntries(spansOf(lab, stack)),
    };
  },
};

const keptArguments = [
  "bin/kmvm",
  "test",
  sample,
  "--profile",
  "dev",
  "--id",
  "bench-kept",
  "--keep",
  "always",
] as const;
let kept = false;

/** A run in a machine that an earlier one kept. */
export const keptRun: Scenario = {
  ids: ["kept.first_line"],
  round: async (lab) => {
    if (!kept) await timed(lab, [...keptArguments]);
    kept = true;
    const run = await timed(lab, [...keptArguments], { patterns: firstLine });
    return { "kept.first_line": run.at["line"] ?? NaN };
  },
  close: async (lab) => {
    if (kept) await timed(lab, ["bin/kmvm", "vm", "delete", "test-dev-bench-kept"]);
  },
};

/** 200 MB of output: complete at home, and what the runner needed for it. */
export const log: Scenario = {
  ids: ["log.rss", "log.seconds"],
  rounds: 1,
  round: async (lab) => {
    const stack = "test-dev-bench-log";
    let peak = 0;
    let ended = false;
    let watching: Promise<void> | undefined;
    const run = await timed(
      lab,
      ["bin/kmvm", "test", "test/fixtures/payloads/print-200mb", "--profile", "dev", "--id", "bench-log"],
      {
        onStart: (pid) => {
          watching = (async () => {
            while (!ended) {
              const runner = findDescendant(pid, /kmvm-runner/);
              if (runner !== undefined) peak = Math.max(peak, peakRssMiB(runner));
              await systemClock.sleep(200);
            }
          })();
        },
      },
    );
    ended = true;
    await watching;
    const latest = runFolder(lab.root, stack, "latest");
    const bytes = statSync(join(latest, "test.log")).size;
    if (bytes < 200e6) throw new Error(`the log in ${latest} has ${bytes} bytes: not all of it came home`);
    return { "log.rss": peak, "log.seconds": run.seconds };
  },
};

let previewed = false;

/** What the bare engine needs to find out that nothing has changed. */
export const preview: Scenario = {
  ids: ["preview.noop"],
  round: async (lab) => {
    if (!previewed) {
      await timed(lab, ["scripts/pulumi", "stack", "select", "--create", "test-dev-bench-preview"]);
      await timed(lab, ["scripts/pulumi", "up", "--yes", "--skip-preview", "-s", "test-dev-bench-preview"]);
    }
    previewed = true;
    const run = await timed(lab, ["scripts/pulumi", "preview", "-s", "test-dev-bench-preview", "--expect-no-changes"]);
    return { "preview.noop": run.seconds };
  },
  close: async (lab) => {
    if (previewed) await timed(lab, ["scripts/pulumi", "destroy", "--yes", "--remove", "-s", "test-dev-bench-preview"]);
  },
};

/** The base image, from an empty store, and again with nothing to do. */
export const image: Scenario = {
  ids: ["l0.build", "l0.unchanged"],
  rounds: 3,
  round: async (lab) => {
    const home = mkdtempSync(join(lab.scratch, "home-"));
    try {
      const build = await timed(lab, ["bin/kmvm", "image", "build", "L0-base", "--no-smoke"], { home });
      const again = await timed(lab, ["bin/kmvm", "image", "build", "L0-base", "--no-smoke"], { home });
      return { "l0.build": build.seconds, "l0.unchanged": again.seconds };
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  },
};
