/** What stands where a secret was. */
export const redactedMark = "[redacted]";

/** Shorter ones would turn ordinary text into gaps, and hide nothing. */
const shortest = 6;

/**
 * Base64 of a text that holds `secret` anywhere, for each of the three ways it can fall on base64's groups; characters
 * that also depend on the neighbours are left out.
 */
function base64Forms(secret: Buffer): string[] {
  return [0, 1, 2].flatMap((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), secret])
      .toString("base64")
      .replace(/=+$/, "");
    const from = Math.ceil((before * 8) / 6);
    const to = Math.floor(((before + secret.length) * 8) / 6);
    const core = encoded.slice(from, to);
    return [core, core.replaceAll("+", "-").replaceAll("/", "_")];
  });
}

/** Every form in which a secret is recognised, as latin1 text of its bytes. */
function formsOf(secret: string): string[] {
  // Long texts, such as keys, are also printed line by line.
  const lines = secret.split(/\r?\n/).filter((line) => line.length >= 16 && !line.startsWith("-----"));
  const plain = [secret, secret.trim(), ...lines].flatMap((text) => [
    text,
    JSON.stringify(text).slice(1, -1),
    encodeURIComponent(text),
  ]);
  const bytes = plain.map((text) => Buffer.from(text).toString("latin1"));
  return [...bytes, ...base64Forms(Buffer.from(secret)).filter((form) => form.length >= 8)];
}

/** Knows the secrets of a run and takes them out of what is shown or stored. */
export interface Redactor {
  /** A text that is there as a whole. */
  text(text: string): string;
  /** For bytes that come in pieces: a secret may lie across their borders. */
  stream(): RedactingStream;
}

export interface RedactingStream {
  /** What can be let through by now; what may be the beginning of a secret is held back. */
  push(chunk: Buffer): Buffer;
  /** The rest. */
  end(): Buffer;
}

/** @param secrets values, not names; ones that are too short to be recognised safely are ignored */
export function makeRedactor(secrets: readonly (string | undefined)[]): Redactor {
  const forms = [...new Set(secrets.flatMap((secret) => (secret ? formsOf(secret) : [])))]
    .filter((form) => form.length >= shortest)
    .sort((a, b) => b.length - a.length);
  if (forms.length === 0) {
    const nothing = Buffer.alloc(0);
    return { text: (text) => text, stream: () => ({ push: (chunk) => chunk, end: () => nothing }) };
  }
  const pattern = new RegExp(forms.map((form) => form.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")).join("|"), "g");
  const longest = forms[0]?.length ?? 0;
  const firstCharacters = new Set(forms.map((form) => form[0]));

  /** Where the longest end of `text` begins that a secret may begin with; its length if there is none. */
  const openFrom = (text: string): number => {
    for (let from = Math.max(0, text.length - longest + 1); from < text.length; from++) {
      if (!firstCharacters.has(text[from])) continue;
      const end = text.slice(from);
      if (forms.some((form) => form.length > end.length && form.startsWith(end))) return from;
    }
    return text.length;
  };

  /** Replaces every secret that begins before what may be another's beginning. */
  const replaceUpTo = (text: string): { done: string; rest: string } => {
    let hold = openFrom(text);
    let done = "";
    let at = 0;
    pattern.lastIndex = 0;
    for (let match = pattern.exec(text); match && match.index < hold; match = pattern.exec(text)) {
      done += text.slice(at, match.index) + redactedMark;
      at = match.index + match[0].length;
      if (at > hold) hold = at + openFrom(text.slice(at));
    }
    return { done: done + text.slice(at, hold), rest: text.slice(hold) };
  };

  const stream = (): RedactingStream => {
    let held = "";
    return {
      push: (chunk) => {
        const { done, rest } = replaceUpTo(held + chunk.toString("latin1"));
        held = rest;
        return Buffer.from(done, "latin1");
      },
      end: () => {
        const rest = held.replace(pattern, redactedMark);
        held = "";
        return Buffer.from(rest, "latin1");
      },
    };
  };
  const text = (whole: string) =>
    Buffer.from(Buffer.from(whole).toString("latin1").replace(pattern, redactedMark), "latin1").toString("utf8");
  return { text, stream };
}
