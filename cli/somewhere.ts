import { loadFacets } from "../components/backends/load";
import type { Classified } from "../lib/cloud-errors";
import { messageOf, UserError } from "../lib/errors";
import { placeText, settingsOfPlace, type Place } from "../lib/place";
import type { Placement } from "../components/backends/facets";
import type { Settings } from "../stacks/settings";
import type { CliContext } from "./context";
import { showEstimate } from "./cost";
import { engineView } from "./engine-view";
import { explanationOf } from "./explain";
import { checkedSettings } from "./stack-settings";
import type { Terminal } from "./terminal";
import { readConfiguration, writeConfiguration, type Stack } from "./workspace";

/** What an update came to. */
export interface Update {
  /** What the engine and its plugins called errors. */
  readonly errors: readonly string[];
  /** Absent: it succeeded. */
  readonly failure: unknown;
}

/** A place where no machine was to be had. */
export interface Refused {
  readonly place: Place;
  /** In a few words. */
  readonly why: string;
}

export interface Placed<U extends Update> {
  /** The last one. */
  readonly update: U;
  /** Of the last place that was tried. */
  readonly settings: Settings;
  readonly refused: readonly Refused[];
}

/** The longest that is told in full between two tries. */
const shortText = 120;

/** What a refusal is about: with the provider's figures where these are short, else with its code. Pure. */
export function reasonOf({ kind, code, message }: Classified): string {
  if (message.length <= shortText && !message.includes("\n")) return `${kind}: ${message}`;
  return code === undefined ? kind : `${kind} (${code})`;
}

/** The next place that the refusals of an update leave; undefined: none of them is about the place. Pure. */
export function nextPlace(
  placement: Placement,
  all: readonly Place[],
  tried: Place,
  refusals: readonly string[],
): Place | undefined {
  for (const refusal of refusals) {
    const place = placement.next(all, tried, refusal);
    if (place) return place;
  }
  return undefined;
}

/** One update of a stack; never throws. The engine does not heed a signal that was given before it began. */
export async function updateOnce(context: CliContext, stack: Stack, signal: AbortSignal): Promise<Update> {
  const { errors, onEvent } = engineView(context.terminal);
  try {
    signal.throwIfAborted();
    await stack.up({ onEvent, signal, suppressOutputs: true });
    return { errors, failure: undefined };
  } catch (failure) {
    return { errors, failure };
  }
}

/** Places that were tried in vain, when there was more than one. */
export function showRefused(terminal: Terminal, refused: readonly Refused[]): void {
  if (refused.length < 2) return;
  terminal.line(`refused in ${refused.length} places:`);
  for (const { place, why } of refused) terminal.step("refused", `${placeText(place)}: ${why}`);
}

/**
 * Updates a stack; where the provider refuses the place of the machine, in the next one that is allowed. What the failed
 * update made is removed before the next one, and the place becomes a part of the stack's configuration.
 * @param update makes one update of the stack, and never throws
 * @param isMade whether an update that failed did so after the machine was there
 */
export async function updateSomewhere<U extends Update>(
  context: CliContext,
  stack: Pick<Stack, "name" | "destroy">,
  signal: AbortSignal,
  update: () => Promise<U>,
  isMade: (update: U) => boolean = () => false,
): Promise<Placed<U>> {
  // As the program will find them: of an earlier stack of this name nothing holds any more.
  let asked = (await checkedSettings(context, stack.name, readConfiguration(context.root, stack.name))).settings;
  const { placement, explain } = await loadFacets(asked.backend, asked[asked.backend]);
  const all = placement?.places(asked) ?? [];
  const refused: Refused[] = [];
  for (let place = all[0]; ;) {
    const done = await update();
    const placed = { update: done, settings: asked, refused };
    if (done.failure === undefined || isMade(done) || signal.aborted || !placement || !place) return placed;
    const refusals = [...done.errors, messageOf(done.failure)];
    const explained = explanationOf(refusals, explain);
    if (explained) refused.push({ place, why: reasonOf(explained) });
    const next = await allowedPlace(context, stack.name, all, place, (tried) =>
      nextPlace(placement, all, tried, refusals),
    );
    if (!next) return placed;
    const why = explained ? reasonOf(explained) : "refused";
    context.terminal.step("refused", `${placeText(place)}: ${why}; next is ${placeText(next.place)}`);
    if (!(await isCleared(context, stack))) return placed;
    writeConfiguration(context.root, stack.name, settingsOfPlace(next.place));
    place = next.place;
    asked = next.settings;
    if (signal.aborted) return placed;
    await showEstimate(context, asked);
  }
}

/** Half a machine can be there, by a name that the next one has: that begins on clean ground, as the first one did. */
async function isCleared({ terminal }: CliContext, stack: Pick<Stack, "destroy">): Promise<boolean> {
  terminal.status("removing what was made for it");
  try {
    await stack.destroy();
    return true;
  } catch (error) {
    terminal.warn(`what was made for it could not be removed: ${messageOf(error)}`);
    return false;
  }
}

/** The next place whose settings are right: one can cost more than is allowed. */
async function allowedPlace(
  context: CliContext,
  stack: string,
  all: readonly Place[],
  tried: Place,
  after: (tried: Place) => Place | undefined,
): Promise<{ place: Place; settings: Settings } | undefined> {
  let place = after(tried);
  // Each is later in the list than the one before.
  for (let left = all.length; place && left > 0; left--) {
    try {
      const configuration = { ...readConfiguration(context.root, stack), ...settingsOfPlace(place) };
      return { place, settings: (await checkedSettings(context, stack, configuration)).settings };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      context.terminal.step("left out", `${placeText(place)}: ${error.message}`);
      place = after(place);
    }
  }
  return undefined;
}
