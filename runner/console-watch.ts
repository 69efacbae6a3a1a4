import { findInConsole, type ConsoleFinding } from "../lib/console-patterns";
import { messageOf } from "../lib/errors";
import { systemClock } from "../lib/retry";
import { lineSplitter, sanitizeLine } from "../lib/sanitize";
import type { CappedFile } from "./capped-file";
import type { ConsoleSource } from "./console-source";

const keptLines = 400;
/** Lines of an excerpt before and after what it is about. */
const around = { before: 15, after: 60 };

/** A provider that is asked takes its time. */
const catchUpMs = 10_000;

/** A kernel's first message. */
const firstWords = /\[ *0\.000000\](?:\[ *[CT]\d+\])? Linux version /;

/** Reads the console of a machine while the guest writes it, copies it to the evidence, and looks for alarms. */
export class ConsoleWatch {
  /** Resolves with the first alarm after which the guest cannot be trusted. */
  readonly fatal: Promise<ConsoleFinding>;
  readonly warnings: ConsoleFinding[] = [];
  private onFatal: (finding: ConsoleFinding) => void = () => undefined;
  private readonly lines: string[] = [];
  private dropped = 0;
  private fatalLine: number | undefined;
  private grewAt = Date.now();
  private stopping = false;
  /** Ends the pause between two looks. */
  private wake: () => void = () => undefined;
  private onLooked: (() => void)[] = [];
  private bootsSeen = 0;
  /** What ended the reading before its time. */
  private failure: string | undefined;
  private readonly loop: Promise<void>;
  private readonly splitter = lineSplitter((line, omitted) => {
    this.look(sanitizeLine(line, omitted));
  });

  /** @param source begins where the console of this run does: an earlier run's alarms are not this one's */
  constructor(
    private readonly source: ConsoleSource,
    private readonly copy: CappedFile,
  ) {
    this.fatal = new Promise((resolve) => (this.onFatal = resolve));
    this.loop = this.follow();
  }

  /** Whether there was an alarm after which the guest cannot be trusted: `fatal` has resolved. */
  get alarmed(): boolean {
    return this.fatalLine !== undefined;
  }

  /** Milliseconds since the epoch. */
  lastGrowthAt(): number {
    return this.grewAt;
  }

  /** Up to where the console has been read. */
  position(): number {
    return this.source.position();
  }

  /** How often a kernel has begun to boot. */
  boots(): number {
    return this.bootsSeen;
  }

  /** What kept the console from being read. */
  troubles(): string[] {
    return [...this.source.troubles(), ...(this.failure === undefined ? [] : [this.failure])];
  }

  /** Waits until what was on the console when it was called has been read, but not for ever. */
  async caughtUp(): Promise<void> {
    if (this.failure !== undefined) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, catchUpMs);
      this.onLooked.push(() => {
        clearTimeout(timer);
        resolve();
      });
      this.wake();
    });
  }

  /** As `ConsoleSource.interrupt`. What the guest says of it is part of the console. */
  interrupt(): Promise<boolean> {
    return this.source.interrupt();
  }

  /**
   * Waits until what is being printed seems complete, but not for ever.
   * @param since what has been printed before is not it. @default what is there already is
   */
  async settle(since = 0): Promise<void> {
    const started = Date.now();
    const { settling } = this.source;
    const grows = () => this.grewAt < since || Date.now() - this.grewAt < settling.quietMs;
    while (grows() && Date.now() - started < settling.atMostMs) await systemClock.sleep(50);
  }

  /** The lines around the first fatal alarm; without one, the last lines. */
  excerpt(): string[] {
    const at = this.fatalLine === undefined ? undefined : this.fatalLine - this.dropped;
    return at === undefined
      ? this.lines.slice(-around.before * 2)
      : this.lines.slice(Math.max(0, at - around.before), Math.max(0, at) + around.after);
  }

  async stop(): Promise<void> {
    this.stopping = true;
    this.wake();
    await this.loop;
    this.splitter.end();
  }

  private look(line: string): void {
    this.lines.push(line);
    // What belongs to a fatal alarm is kept, whatever follows it.
    if (this.lines.length > keptLines && this.fatalLine === undefined) {
      this.lines.shift();
      this.dropped++;
    } else if (this.lines.length > 2 * keptLines) this.lines.pop();
    if (firstWords.test(line)) this.bootsSeen++;
    const finding = findInConsole(line);
    if (!finding) return;
    if (finding.severity === "warning") {
      if (this.warnings.length < 20) this.warnings.push(finding);
    } else if (this.fatalLine === undefined) {
      this.fatalLine = this.dropped + this.lines.length - 1;
      this.onFatal(finding);
    }
  }

  /** Never fails: nobody waits for it before the end, and a console that cannot be read ends no run. */
  private async follow(): Promise<void> {
    try {
      for (;;) {
        const last = this.stopping;
        const waiting = this.onLooked.splice(0);
        await this.source.look((chunk) => this.take(chunk));
        for (const looked of waiting) looked();
        if (last) return;
        await this.pause();
      }
    } catch (error) {
      this.failure = `the console could not be read to its end: ${messageOf(error)}`;
      for (const looked of this.onLooked.splice(0)) looked();
    } finally {
      await this.source.close().catch(() => undefined);
    }
  }

  /** Until the next look, or until somebody cannot wait for it. */
  private pause(): Promise<void> {
    if (this.stopping || this.onLooked.length > 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.source.pollMs);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private async take(chunk: Buffer): Promise<void> {
    this.grewAt = Date.now();
    this.splitter.push(chunk);
    await this.copy.write(chunk);
  }
}
