import { Command } from "commander";
import { ExitCode, messageOf, UserError } from "../../lib/errors";
import { addBackendFlags, defaultProfile, type BackendFlags } from "../chosen-backend";
import { openContext, type CliContext } from "../context";
import { diagnoseBackend, type Seen } from "../doctor-backend";
import { fail, type Check, type Diagnosis, type Health } from "../doctor-check";
import { hostChecks } from "../doctor-host";
import { partChecks } from "../doctor-parts";

const paint: Record<Health, "green" | "yellow" | "red"> = { ok: "green", warn: "yellow", fail: "red" };

/** A check that breaks is a diagnosis, too: the others go on. */
export async function diagnose(context: CliContext, { name, look }: Check): Promise<readonly Seen[]> {
  const named = (found: readonly Diagnosis[]) => found.map((diagnosis) => ({ check: name, ...diagnosis }));
  try {
    return named([await look(context)].flat());
  } catch (error) {
    if (error instanceof UserError) return named([fail(error.message, error.hint ?? "see the message")]);
    return named([fail(messageOf(error).trim().split("\n")[0] ?? "", "run scripts/setup")]);
  }
}

async function* diagnoses(context: CliContext, flags: Partial<BackendFlags>): AsyncGenerator<Seen> {
  const { backend, profile = defaultProfile() } = flags;
  if (backend !== undefined) yield* await diagnoseBackend(context, { backend, profile });
  else for (const check of [...hostChecks, ...partChecks]) yield* await diagnose(context, check);
}

export function doctorCommand(): Command {
  return addBackendFlags(new Command("doctor"), "this host")
    .summary("say what this host can do, and why not")
    .description(
      "Looks at everything that a run of tests needs on this host, or at a provider: credentials, permissions, quota,\n" +
        "price. Says what to do where something is missing. Creates nothing but\n" +
        "the folder and the passphrase of the engine's states, which every verb makes where there are none.",
    )
    .option("--json", "print it as JSON")
    .addHelpText("after", "\nExit: 0, or 3 when tests cannot run here.")
    .action(async ({ json, ...flags }: Partial<BackendFlags> & { json?: boolean }) => {
      const context = openContext();
      const { print, colors } = context.terminal;
      const all: Seen[] = [];
      for await (const seen of diagnoses(context, flags)) {
        all.push(seen);
        if (json) continue;
        const { check, health, why, todo } = seen;
        print(`${colors[paint[health]](health.padEnd(4))}  ${check.padEnd(11)}  ${why}`);
        if (todo !== undefined) print(`${" ".repeat(19)}-> ${todo}`);
      }
      if (json) print(JSON.stringify(all, undefined, 2));
      if (all.some(({ health }) => health === "fail")) process.exitCode = ExitCode.Infrastructure;
    });
}
