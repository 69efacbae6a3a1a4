import type { Span } from "../lib/run-result";

/** Where the time of a run went: named spans, milliseconds since the epoch. */
export class Timeline {
  private readonly spans: Span[] = [];

  /** @returns ends the span; only the first call counts */
  begin(name: string, startMs = Date.now()): () => void {
    let open = true;
    return () => {
      if (open) this.spans.push({ name, startMs, endMs: Date.now() });
      open = false;
    };
  }

  async measure<T>(name: string, work: Promise<T>): Promise<T> {
    const end = this.begin(name);
    try {
      return await work;
    } finally {
      end();
    }
  }

  /** In the order of their begin. */
  all(): Span[] {
    return [...this.spans].sort((a, b) => a.startMs - b.startMs);
  }
}
