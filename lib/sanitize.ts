/** Bytes of one line that are shown; the rest is counted. */
export const shownLineBytes = 4096;

/** Sequences by which a terminal is driven: CSI; OSC, DCS and the like up to their end; two-character ones. */
const escapes =
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?|\x1b[ -/]*[0-~]?/g;
/** Controls of C0 and C1 but for the tab, and those that turn the direction of writing. */
const controls = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Without its carriage returns at the end. In one pass: as a regular expression it takes the square of their number. */
function trimReturns(text: string): string {
  let end = text.length;
  while (text[end - 1] === "\r") end--;
  return text.slice(0, end);
}

/** Text of a stranger, safe to show on a terminal, in one line. */
export function sanitizeText(text: string): string {
  return trimReturns(text.replace(escapes, "")).replace(controls, "\ufffd");
}

/** Text of a stranger, safe to show on a terminal, in its own lines. */
export function sanitizeLines(text: string): string {
  return text.split("\n").map(sanitizeText).join("\n");
}

/** A line of bytes of a stranger, safe to show on a terminal: invalid UTF-8 is replaced. */
export function sanitizeLine(line: Buffer, omittedBytes = 0): string {
  const text = sanitizeText(line.toString("utf8"));
  return omittedBytes > 0 ? `${text} … (${omittedBytes} bytes more)` : text;
}

/**
 * Cuts a stream of bytes into lines, holding no more of a line than is shown.
 * @param onLine the line without its end, and how many bytes of it were left out
 */
export function lineSplitter(onLine: (line: Buffer, omittedBytes: number) => void) {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let omitted = 0;
  const keep = (part: Buffer) => {
    const room = shownLineBytes - heldBytes;
    // A copy: what was cut out of a large chunk would keep all of it in memory.
    if (room > 0 && part.length > 0) held.push(Buffer.from(part.subarray(0, room)));
    heldBytes += Math.min(room, part.length);
    omitted += Math.max(0, part.length - room);
  };
  const emit = () => {
    const line = held.length === 1 && held[0] ? held[0] : Buffer.concat(held);
    const left = omitted;
    held = [];
    heldBytes = 0;
    omitted = 0;
    onLine(line, left);
  };
  return {
    push(chunk: Buffer): void {
      let from = 0;
      for (let end = chunk.indexOf(10, from); end >= 0; end = chunk.indexOf(10, from)) {
        keep(chunk.subarray(from, end));
        emit();
        from = end + 1;
      }
      keep(chunk.subarray(from));
    },
    /** Gives a last line that has no end. */
    end(): void {
      if (heldBytes > 0) emit();
    },
  };
}
