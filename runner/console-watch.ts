import { open, type FileHandle } from "node:fs/promises";
import { findInConsole, type ConsoleFinding } from "../lib/console-patterns";
import { codeOf } from "../lib/errors";
import { systemClock } from "../lib/retry";
import { lineSplitter, sanitizeLine } from "../lib/sanitize";
import type { CappedFile } from "./capped-file";

const pollMs = 100;
const keptLines = 400;
/** Lines of an excerpt before and after what it is about. */
const around = { before: 15, after: 60 };
/** A trace is printed line by line: it is complete when nothing has followed for this long, or has for that long. */
const settling = { quietMs: 700, atMostMs: 2500 };

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
  private bootsSeen = 0;
  private readonly loop: Promise<void>;
  private readonly splitter = lineSplitter((line, omitted) => {
    this.look(sanitizeLine(line, omitted));
  });

  /** @param offset where the console of this run begins: an earlier run's alarms are not this one's */
  constructor(
    private readonly path: string,
    private readonly copy: CappedFile,
    private offset: number,
  ) {
    this.fatal = new Promise((resolve) => (this.onFatal = resolve));
    this.loop = this.follow();
  }

  /** Milliseconds since the epoch. */
  lastGrowthAt(): number {
    return this.grewAt;
  }

  /** Up to where the console has been read. */
  position(): number {
    return this.offset;
  }

  /** How often a kernel has begun to boot. */
  boots(): number {
    return this.bootsSeen;
  }

  /** Waits until what is being printed seems complete. */
  async settle(): Promise<void> {
    const started = Date.now();
    while (Date.now() - this.grewAt < settling.quietMs && Date.now() - started < settling.atMostMs)
      await systemClock.sleep(50);
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

  private async follow(): Promise<void> {
    const buffer = Buffer.alloc(256 * 1024);
    let file: FileHandle | undefined;
    try {
      for (;;) {
        const last = this.stopping;
        file ??= await this.tryOpen();
        if (file) await this.readOn(file, buffer);
        if (last) return;
        await systemClock.sleep(pollMs);
      }
    } finally {
      await file?.close();
    }
  }

  private async tryOpen(): Promise<FileHandle | undefined> {
    try {
      return await open(this.path, "r");
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  private async readOn(file: FileHandle, buffer: Buffer): Promise<void> {
    if ((await file.stat()).size < this.offset) this.offset = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, this.offset);
      if (bytesRead === 0) return;
      this.offset += bytesRead;
      this.grewAt = Date.now();
      const chunk = Buffer.from(buffer.subarray(0, bytesRead));
      this.splitter.push(chunk);
      await this.copy.write(chunk);
    }
  }
}
