import { open, type FileHandle } from "node:fs/promises";
import { codeOf, messageOf } from "../lib/errors";
import type { RedactingStream, Redactor } from "../lib/redact";

export interface CappedFileOptions {
  readonly path: string;
  /** What is in it, for messages: "log". */
  readonly what: string;
  readonly limitBytes: number;
  readonly redactor: Redactor;
  /** Sees what is written, after redaction. */
  readonly onWritten?: (chunk: Buffer) => void;
}

/**
 * A file of the evidence that a guest fills: redacted, of limited size. Writers are slowed down to the speed of the
 * disk. A disk that is full ends the writing, not the run.
 */
export class CappedFile {
  private queue: Promise<void> = Promise.resolve();
  private readonly redacting: RedactingStream;
  private written = 0;
  private left = 0;
  private failure: string | undefined;

  private constructor(
    private readonly file: FileHandle,
    private readonly options: CappedFileOptions,
  ) {
    this.redacting = options.redactor.stream();
  }

  static async create(options: CappedFileOptions): Promise<CappedFile> {
    return new CappedFile(await open(options.path, "w"), options);
  }

  /** Resolves when it is on its way to the disk: wait for it before giving more. */
  write(chunk: Buffer): Promise<void> {
    return (this.queue = this.queue.then(() => this.append(this.redacting.push(chunk))));
  }

  /** @returns what went wrong, for the warnings of the result */
  async end(): Promise<string[]> {
    const { what, limitBytes } = this.options;
    await this.queue;
    await this.append(this.redacting.end());
    const cut = `${what} was cut after ${Math.round(limitBytes / 1024 / 1024)} MiB, ${this.left} bytes more followed`;
    if (this.left > 0 && !this.failure) await this.put(Buffer.from(`\n[kmvm: the ${cut}]\n`));
    await this.file.close().catch((error: unknown) => {
      this.failure ??= messageOf(error);
    });
    return [
      ...(this.failure ? [`the ${what} is incomplete: ${this.failure}`] : []),
      ...(this.left > 0 ? [`the ${cut}`] : []),
    ];
  }

  private async append(chunk: Buffer): Promise<void> {
    const part = chunk.subarray(0, Math.max(0, this.options.limitBytes - this.written));
    this.left += chunk.length - part.length;
    this.written += part.length;
    if (part.length === 0) return;
    this.options.onWritten?.(part);
    if (!this.failure) await this.put(part);
  }

  private async put(part: Buffer): Promise<void> {
    try {
      for (let at = 0; at < part.length;) at += (await this.file.write(part, at)).bytesWritten;
    } catch (error) {
      this.failure = codeOf(error) === "ENOSPC" ? "the disk of this host is full" : messageOf(error);
    }
  }
}
