/** Keeps the end of a stream of text. */
export class Tail {
  private kept = "";
  private cut = false;

  /** @param limit in characters */
  constructor(private readonly limit: number) {}

  push(chunk: Buffer): void {
    const all = this.kept + chunk.toString("utf8");
    this.cut ||= all.length > this.limit;
    this.kept = all.slice(-this.limit);
  }

  text(): string {
    return this.cut ? `[…]${this.kept}` : this.kept;
  }
}
