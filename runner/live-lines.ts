import { lineSplitter, sanitizeLine } from "../lib/sanitize";

/**
 * What is shown at most in a second, since whoever shows it must keep up, and in all, since the engine keeps what a
 * command said in its state. The file has everything.
 */
const budget = { lines: 300, bytes: 64 * 1024, bytesInAll: 1024 * 1024 };

/** Shows a log as it grows, one safe line after the other, and says how much it leaves out when there is too much. */
export class LiveLines {
  private windowStart = 0;
  private lines = 0;
  private bytes = 0;
  private bytesInAll = 0;
  private left = 0;
  private readonly splitter = lineSplitter((line, omitted) => {
    this.show(line, omitted);
  });

  /**
   * @param file where all of it is, as shown to a person
   * @param print takes one line without its end
   */
  constructor(
    private readonly file: string,
    private readonly print: (line: string) => void,
    private readonly now: () => number = Date.now,
  ) {}

  push(chunk: Buffer): void {
    this.splitter.push(chunk);
  }

  end(): void {
    this.splitter.end();
    this.tellLeft();
  }

  private show(line: Buffer, omitted: number): void {
    const now = this.now();
    if (now - this.windowStart >= 1000) {
      this.tellLeft();
      this.windowStart = now;
      this.lines = 0;
      this.bytes = 0;
    }
    const within =
      this.lines < budget.lines &&
      this.bytes + line.length <= budget.bytes &&
      this.bytesInAll + line.length <= budget.bytesInAll;
    if (!within) {
      this.left += line.length + omitted + 1;
      return;
    }
    this.lines++;
    this.bytes += line.length;
    this.bytesInAll += line.length;
    this.print(sanitizeLine(line, omitted));
  }

  private tellLeft(): void {
    if (this.left > 0) this.print(`… ${(this.left / 1e6).toFixed(1)} MB more in ${this.file}`);
    this.left = 0;
  }
}
