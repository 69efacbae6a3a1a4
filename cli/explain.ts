import { loadFacets } from "../components/backends/load";
import { exitCodeOfKind, type Classified } from "../lib/cloud-errors";
import { ExitCode, messageOf } from "../lib/errors";
import type { Settings } from "../stacks/settings";
import type { Terminal } from "./terminal";

/** Pure: the first error that the backend has a word for. */
export function explanationOf(
  errors: readonly string[],
  explain: ((text: string) => Classified) | undefined,
): Classified | undefined {
  return explain && errors.map(explain).find(({ kind }) => kind !== "bug");
}

/**
 * Tells what a provider's refusal is about and what to do, where that is known.
 * @param errors what the engine and its plugins called errors, the first cause first
 * @returns the exit code of it
 */
export async function showExplanation(
  terminal: Terminal,
  settings: Settings,
  errors: readonly string[],
  failure: unknown,
): Promise<ExitCode> {
  const { explain } = await loadFacets(settings.backend, settings[settings.backend]);
  const found = explanationOf([...errors, messageOf(failure)], explain);
  if (!found) return ExitCode.Infrastructure;
  terminal.line(`${found.kind}: ${found.message}`);
  terminal.line(`  ${found.hint}`);
  return exitCodeOfKind(found.kind);
}
