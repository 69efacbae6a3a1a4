/** Characters of the end of a text by which it is found again in a later one. */
const anchorLength = 512;

/**
 * What a provider's console shows that it did not show before. A provider gives the console as one text: all of it, or
 * only its end, and now and then an older state than before. Pure.
 * @param previous what it gave before
 * @returns `text`: what is new; `known`: what to hand in as `previous` the next time
 */
export function consoleGrowth(previous: string, now: string): { readonly text: string; readonly known: string } {
  if (now.startsWith(previous)) return { text: now.slice(previous.length), known: now };
  if (previous.startsWith(now)) return { text: "", known: previous };
  const anchor = previous.slice(-anchorLength);
  const at = now.lastIndexOf(anchor);
  // Not found: more was written than is kept, or the machine began anew.
  return { text: at < 0 ? now : now.slice(at + anchor.length), known: now };
}
