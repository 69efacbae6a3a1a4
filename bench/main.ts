import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { kmvmHome, repositoryRoot } from "../lib/paths";
import { boot } from "./boot";
import { gcAws, gcAzure } from "./gc";
import { isolate } from "./isolate";
import { previewAws, previewAzure } from "./clouds";
import { cold, image, keptRun, log, preview } from "./run";
import type { Lab, Scenario } from "./scenario";
import { packer } from "./packer";
import { collect, median, type Figure, type Samples } from "./statistics";
import { table } from "./table";
import { cloneMemory, setup, start, warm, warmMake } from "./warm";

/** Baselines come first: what is compared with them runs in the same minutes. */
const scenarios: readonly Scenario[] = [
  boot,
  cold,
  warmMake,
  warm,
  packer,
  setup,
  start,
  cloneMemory,
  isolate,
  keptRun,
  preview,
  previewAws,
  previewAzure,
  gcAws,
  gcAzure,
  log,
  image,
];

/** Words, unit and limit of each figure; a limit may be a function of the other medians. */
const figures: Record<string, { what: string; unit: Figure["unit"]; limit?: number | ((medians: Samples) => number) }> =
  {
    "boot.stock": { what: "baseline: boot by stock cloud-init + NoCloud, virtio-blk, initrd -> first ssh", unit: "s" },
    "boot.ours": { what: "bare boot our way, credentials -> first ssh", unit: "s" },
    "boot.ratio": { what: "our boot / the baseline", unit: "ratio", limit: 0.45 },
    "cold.first_line": {
      what: "kmvm test, cold: start -> first line of the test",
      unit: "s",
      limit: (medians) => (medians["boot.ours"] ?? NaN) + 4,
    },
    "cold.whole": { what: "kmvm test, cold: whole", unit: "s" },
    destroy: { what: "verdict known -> everything destroyed, command ended", unit: "s", limit: 4 },
    "own.rss": { what: "memory of all our own processes during a run (PSS)", unit: "MiB", limit: 400 },
    "warm.make": {
      what: "a warm image from nothing",
      unit: "s",
      limit: (medians) => (medians["boot.ours"] ?? NaN) + 5,
    },
    "warm.first_line": { what: "kmvm test, warm: start -> first line of the test", unit: "s", limit: 3 },
    "packer.first_line": { what: "baseline: packer build, our image -> first line of the test", unit: "s" },
    "packer.whole": { what: "baseline: packer build, whole", unit: "s" },
    "packer.ratio_first": { what: "kmvm test, warm / packer, first line", unit: "ratio", limit: 0.2 },
    "packer.ratio_whole": { what: "kmvm test, warm / packer, whole", unit: "ratio", limit: 0.5 },
    "warm.whole": { what: "kmvm test, warm: whole", unit: "s" },
    "setup.noop": { what: "scripts/setup, nothing to do", unit: "s", limit: 2 },
    "start.whole": { what: "npm start, nothing to set up, without the sample's own time", unit: "s", limit: 8 },
    "clone.start": { what: "a clone from its start to its own identity", unit: "s" },
    "clone.rss": { what: "memory of the host that one more idle clone costs", unit: "MiB", limit: 150 },
    "isolate.one": { what: "baseline: 8 directories in one machine that boots, whole", unit: "s" },
    "isolate.each": { what: "8 directories, each in a machine of its own, whole", unit: "s" },
    "isolate.ratio": { what: "each in its own / all in one", unit: "ratio", limit: 1 },
    "kept.first_line": { what: "kmvm test on a kept machine: start -> first line of the test", unit: "s", limit: 4 },
    "preview.noop": { what: "no-op pulumi preview of a test stack", unit: "s", limit: 2.5 },
    "preview.aws": { what: "no-op pulumi preview of a vm stack, played AWS", unit: "s", limit: 3.5 },
    "preview.azure": { what: "no-op pulumi preview of a vm stack, played Azure", unit: "s", limit: 3.5 },
    "gc.aws_bare": { what: "baseline: 1000 instances of moto, listed by the bare SDK", unit: "s" },
    "gc.aws": { what: "1000 machines on moto: all that gc asks, and its judgement", unit: "s", limit: 5 },
    "gc.azure": { what: "the same, fake Resource Manager", unit: "s", limit: 5 },
    "log.rss": { what: "200 MB of test output: peak memory of the runner", unit: "MiB", limit: 150 },
    "log.seconds": { what: "200 MB of test output: whole command", unit: "s" },
    "l0.build": { what: "L0-base from nothing", unit: "s", limit: 150 },
    "l0.unchanged": { what: "L0-base unchanged", unit: "s", limit: 2 },
  };

async function measure(lab: Lab, scenario: Scenario, runs: number): Promise<Samples[]> {
  const rounds: Samples[] = [];
  const missing = scenario.missing?.();
  if (missing !== undefined) {
    process.stderr.write(`not measured: ${scenario.ids.join(" ")}; first: ${missing}\n`);
    return rounds;
  }
  try {
    for (let round = 0; round < Math.min(runs, scenario.rounds ?? runs); round++) {
      process.stderr.write(`${scenario.ids.join(" ")}: round ${round + 1}\n`);
      rounds.push(await scenario.round(lab));
    }
  } finally {
    await scenario.close?.(lab);
  }
  return rounds;
}

function asFigures(rounds: readonly Samples[]): Figure[] {
  const samples = collect(rounds);
  const medians: Samples = Object.fromEntries([...samples].map(([id, runs]) => [id, median(runs)]));
  return [...samples].map(([id, runs]) => {
    const { what, unit, limit } = figures[id] ?? {
      what: id.startsWith("warm.") ? "of which, in the warm run" : "of which, in the cold run",
      unit: "s" as const,
    };
    const bound = typeof limit === "function" ? limit(medians) : limit;
    return {
      id,
      what,
      unit,
      median: median(runs),
      runs,
      ...(bound === undefined || Number.isNaN(bound) ? {} : { limit: bound }),
    };
  });
}

async function main(): Promise<void> {
  const options = new Command("bench")
    .description("Measures the figures that kmvm promises, each beside its baseline.")
    .option("--json <file>", "also write the figures to FILE")
    .option("--only <ids>", "only the scenarios that give these figures, separated by commas")
    .option("--runs <n>", "rounds of each scenario", "5")
    .parse()
    .opts<{ json?: string; only?: string; runs: string }>();
  const wanted = options.only?.split(",");
  const unknown = wanted?.filter((id) => !(id in figures)) ?? [];
  if (unknown.length > 0)
    throw new Error(`no such figure: ${unknown.join(", ")}; there are ${Object.keys(figures).join(", ")}`);
  const chosen = scenarios.filter(({ ids }) => !wanted || ids.some((id) => wanted.includes(id)));
  const lab: Lab = { root: repositoryRoot(), home: kmvmHome(), scratch: mkdtempSync(join(tmpdir(), "kmvm-bench-")) };
  try {
    const rounds: Samples[] = [];
    for (const scenario of chosen) rounds.push(...(await measure(lab, scenario, Number(options.runs))));
    const result = asFigures(rounds);
    process.stdout.write(`${table(result)}\n`);
    if (options.json) writeFileSync(options.json, `${JSON.stringify(result, null, 2)}\n`);
  } finally {
    rmSync(lab.scratch, { recursive: true, force: true });
  }
}

main().then(
  () => process.exit(),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
