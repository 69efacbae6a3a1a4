import { Command } from "commander";
import { ExitCode, messageOf } from "../../lib/errors";
import { openContext, type CliContext } from "../context";
import { perform } from "../gc-actions";
import { gatherFacts, type PowersOver } from "../gc-gather";
import { readMarks, sortByMark, writeMarks } from "../gc-marks";
import { planGc, type Finding, type Note } from "../gc-plan";
import type { Unreachable } from "../configured-backends";
import { openEngine, type Engine } from "../workspace";

interface GcFlags {
  yes?: boolean;
  now?: boolean;
  json?: boolean;
}

type Outcome = "removed" | "left alone" | "could not be removed" | "would be removed" | "marked";

interface Handled {
  readonly what: string;
  readonly why: string;
  readonly outcome: Outcome;
  readonly error?: string;
}

async function remove(
  context: CliContext,
  engine: Engine,
  powers: PowersOver,
  { what, why, action }: Finding,
): Promise<Handled> {
  try {
    const done = await perform(action, context, engine, powers);
    return { what, why, outcome: done === "left alone" ? done : "removed" };
  } catch (error) {
    return { what, why, outcome: "could not be removed", error: messageOf(error) };
  }
}

/** Whatever is left at a backend that does not answer stays there until a later pass. */
const unseen = ({ backend, from, why }: Unreachable): Note => ({
  what: `backend ${backend}, settings in ${from}`,
  why: `could not be looked at: ${why}`,
});

/** Removing one thing can bring another to light: a stack's end the machine that it did not know. */
const rounds = 3;

async function collect(
  context: CliContext,
  engine: Engine,
  flags: GcFlags,
  show: (one: Handled) => void,
): Promise<{ handled: Handled[]; notes: readonly Note[]; sawAll: boolean }> {
  const handled: Handled[] = [];
  const put = (one: Handled) => {
    handled.push(one);
    show(one);
  };
  const failed = new Set<string>();
  for (let round = 1; ; round++) {
    const { facts, powers, unreachable } = await gatherFacts(context, engine);
    const { findings, notes: suspicious } = planGc(facts, Date.now());
    const seen = { notes: [...suspicious, ...unreachable.map(unseen)], sawAll: unreachable.length === 0 };
    const sorted = sortByMark(findings, readMarks(context.root), Date.now());
    writeMarks(context.root, sorted.marks);
    const due = (flags.now ? findings : sorted.due).filter(({ key }) => !failed.has(key));
    const outcome = flags.now || !flags.yes ? "would be removed" : "marked";
    if (!flags.yes) {
      for (const { what, why } of findings) put({ what, why, outcome });
      return { handled, ...seen };
    }
    for (const finding of due) {
      const result = await remove(context, engine, powers, finding);
      if (result.outcome === "could not be removed") failed.add(finding.key);
      put(result);
    }
    if (due.length === 0 || round === rounds) {
      if (!flags.now) for (const { what, why } of sorted.marked) put({ what, why, outcome: "marked" });
      return { handled, ...seen };
    }
  }
}

function show(context: CliContext, { what, why, outcome, error }: Handled): void {
  context.terminal.print(`${what}: ${why}: ${outcome}${error === undefined ? "" : `: ${error}`}`);
}

const endings: Partial<Record<Outcome, string>> = {
  "would be removed": "kmvm gc --yes removes what it finds at two passes, a minute or more apart; --now at once",
  marked: "marked is removed by the next kmvm gc --yes, a minute from now or later; --now removes at once",
  "could not be removed": "look at the errors above, then again: kmvm gc --yes --now",
};

export function gcCommand(): Command {
  return new Command("gc")
    .summary("find and remove what nobody needs any more")
    .description(
      "Finds machines, stacks, locks, images and files that were left behind: by commands that were killed, or past\n" +
        "their expiry. Says what and why. Nothing that a living process uses is touched; in a cloud nothing but what has\n" +
        "our tags or, of images on their way in, our names.",
    )
    .option("--yes", "remove what was found; without it nothing is removed")
    .option("--now", "also what was found just now, not only what an earlier pass found as well")
    .option("--json", "print it as JSON")
    .addHelpText("after", "\nExit: 0; 3 when a backend could not be asked; 4 when something could not be removed.")
    .action(async (flags: GcFlags) => {
      const context = openContext();
      const engine = openEngine(context);
      const showing = (one: Handled) => {
        if (!flags.json) show(context, one);
      };
      const { handled, notes, sawAll } = await collect(context, engine, flags, showing);
      if (flags.json) context.terminal.print(JSON.stringify({ found: handled, notes }, undefined, 2));
      for (const { what, why } of notes) context.terminal.warn(`${what}: ${why}`);
      if (handled.length === 0 && !flags.json)
        context.terminal.line(sawAll ? "nothing is left behind" : "nothing is left behind where one could look");
      const outcomes = new Set(handled.map(({ outcome }) => outcome));
      for (const outcome of outcomes) if (endings[outcome]) context.terminal.line(endings[outcome]);
      if (!sawAll) process.exitCode = ExitCode.Infrastructure;
      if (outcomes.has("could not be removed")) process.exitCode = ExitCode.NotCleanedUp;
    });
}
