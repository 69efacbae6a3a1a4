import { Command } from "commander";
import { ExitCode, messageOf } from "../../lib/errors";
import { openContext, type CliContext } from "../context";
import { fail, type Check, type Diagnosis, type Health } from "../doctor-check";
import { hostChecks } from "../doctor-host";
import { partChecks } from "../doctor-parts";

const paint: Record<Health, "green" | "yellow" | "red"> = { ok: "green", warn: "yellow", fail: "red" };

/** A check that breaks is a diagnosis, too: the others go on. */
async function diagnose(context: CliContext, { look }: Check): Promise<readonly Diagnosis[]> {
  try {
    return [await look(context)].flat();
  } catch (error) {
    return [fail(messageOf(error).trim().split("\n")[0] ?? "", "run scripts/setup")];
  }
}

export function doctorCommand(): Command {
  return new Command("doctor")
    .summary("say what this host can do, and why not")
    .description("Looks at everything that a run of tests needs on this host, and says what to do where it is missing.")
    .option("--json", "print it as JSON")
    .addHelpText("after", "\nExit: 0, or 3 when tests cannot run here.")
    .action(async ({ json }: { json?: boolean }) => {
      const context = openContext();
      const { print, colors } = context.terminal;
      const all: (Diagnosis & { check: string })[] = [];
      for (const check of [...hostChecks, ...partChecks])
        for (const diagnosis of await diagnose(context, check)) {
          all.push({ check: check.name, ...diagnosis });
          if (json) continue;
          const { health, why, todo } = diagnosis;
          print(`${colors[paint[health]](health.padEnd(4))}  ${check.name.padEnd(11)}  ${why}`);
          if (todo !== undefined) print(`${" ".repeat(19)}-> ${todo}`);
        }
      if (json) print(JSON.stringify(all, undefined, 2));
      if (all.some(({ health }) => health === "fail")) process.exitCode = ExitCode.Infrastructure;
    });
}
