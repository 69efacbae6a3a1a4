import { createWriteStream } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { extract, type Header } from "tar-stream";
import { codeOf, messageOf } from "./errors";
import { safeEntryPath } from "./entry-path";
import type { Redactor } from "./redact";
import { sanitizeText } from "./sanitize";

export interface UntarLimits {
  /** Bytes of one file. What is longer is cut, and named so. */
  readonly fileBytes: number;
  /** Bytes of all files. */
  readonly totalBytes: number;
  readonly entries: number;
}

export interface Untarred {
  /** Files that are whole, relative to the folder. */
  readonly files: string[];
  /** Whether the archive came to its end, or to a limit. */
  readonly complete: boolean;
  /** What was left out, and why; at most `shownWarnings` and a count. */
  readonly warnings: string[];
}

const shownWarnings = 20;

/** Ends the unpacking; what is unpacked stays. */
class Stop extends Error {}

const mostDropped = 16 * 1024 * 1024;

const clashes = new Set(["EEXIST", "ENOTDIR", "EISDIR", "ENOTEMPTY", "ENAMETOOLONG"]);

/** Puts a name to a file that is not there, or not whole. */
const cutSuffix = ".cut";

class Unpacking {
  readonly files: string[] = [];
  readonly warnings: string[] = [];
  private suppressed = 0;
  private bytes = 0;
  private entries = 0;
  private readonly taken = new Set<string>();

  constructor(
    private readonly folder: string,
    private readonly limits: UntarLimits,
    private readonly redactor: Redactor,
  ) {}

  warn(warning: string): void {
    if (this.warnings.length < shownWarnings) this.warnings.push(sanitizeText(warning).slice(0, 300));
    else this.suppressed++;
  }

  result(complete: boolean): Untarred {
    const more = this.suppressed > 0 ? [`${this.suppressed} more of the guest's files were left out or cut`] : [];
    return { files: this.files, complete, warnings: [...this.warnings, ...more] };
  }

  /** The place of an entry, or undefined for one that is left out. */
  private placeOf({ name, type }: Header): string | undefined {
    if (type === "directory") return undefined;
    if (type !== "file") {
      this.warn(`left out ${name}: a ${type}`);
      return undefined;
    }
    const path = safeEntryPath(name);
    if (path === undefined) this.warn(`left out ${name}: it does not lie in the archive's folder`);
    else if (this.taken.has(path)) this.warn(`left out ${name}: there is one of that name`);
    else return path;
    return undefined;
  }

  async take(header: Header, entry: Readable): Promise<void> {
    if (++this.entries > this.limits.entries) throw new Stop(`more than ${this.limits.entries} entries`);
    const path = this.placeOf(header);
    if (path === undefined) return;
    this.taken.add(path);
    if (await this.unlessClash(path, () => mkdir(dirname(join(this.folder, path)), { recursive: true })))
      await this.write(entry, path, header.size);
  }

  /** @returns false, with a warning, where one name is a file and a folder */
  private async unlessClash(path: string, act: () => Promise<unknown>): Promise<boolean> {
    try {
      await act();
      return true;
    } catch (error) {
      if (!clashes.has(codeOf(error) ?? "")) throw error;
      this.warn(`left out ${path}: its name is taken`);
      return false;
    }
  }

  /** Under a temporary name until it is whole: a file that could not be written to its end is not there. */
  private async write(entry: Readable, path: string, size: number): Promise<void> {
    const target = join(this.folder, path);
    // No entry has such a name: safeEntryPath.
    const partial = `${target}\x7fpart`;
    const room = Math.min(this.limits.fileBytes, this.limits.totalBytes - this.bytes);
    const redacting = this.redactor.stream();
    let taken = 0;
    let left = 0;
    let endless: Stop | undefined;
    const limiter = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        const part = chunk.subarray(0, Math.max(0, room - taken));
        taken += part.length;
        left += chunk.length - part.length;
        // The rest of a file is read and dropped, for what comes behind it; unless that would take too long.
        if (left > 0 && size - room > mostDropped) done(new Stop(`${path} claims ${size} bytes`));
        else done(null, redacting.push(part));
      },
      flush: (done) => {
        if (taken + left < size) done(new Error(`${path} breaks off`));
        else done(null, redacting.end());
      },
    });
    try {
      await pipeline(entry, limiter, createWriteStream(partial, { flags: "wx", mode: 0o644 }));
    } catch (error) {
      if (!(error instanceof Stop)) {
        await rm(partial, { force: true });
        throw error;
      }
      endless = error;
    }
    this.bytes += taken;
    const whole = left === 0 && !endless;
    if (!(await this.unlessClash(path, () => rename(partial, whole ? target : target + cutSuffix)))) {
      await rm(partial, { force: true });
      return;
    }
    if (whole) this.files.push(path);
    else this.warn(`cut ${path} after ${taken} bytes`);
    if (endless) throw endless;
    if (this.bytes >= this.limits.totalBytes) throw new Stop(`more than ${this.limits.totalBytes} bytes of files`);
  }
}

/**
 * Unpacks an archive of a stranger below `folder`, which nobody else may write to: regular files only, never through a
 * link, never outside, none executable, within limits. Every file passes the redactor.
 *
 * What is wrong with the archive ends in warnings, with what came before it in place.
 * @throws what writing throws: a full disk (ENOSPC)
 */
export async function untar(
  archive: Readable,
  folder: string,
  limits: UntarLimits,
  redactor: Redactor,
): Promise<Untarred> {
  const unpacking = new Unpacking(folder, limits, redactor);
  const extraction = extract();
  await mkdir(folder, { recursive: true });
  const feeding = pipeline(archive, extraction);
  // An archive that breaks off does not always end the iteration.
  const broken = new Promise<never>((_resolve, reject) => {
    feeding.catch((error: unknown) => {
      reject(error instanceof Error ? error : new Error(messageOf(error)));
    });
  });
  broken.catch(() => undefined);
  const entries = extraction[Symbol.asyncIterator]();
  let complete = true;
  try {
    for (;;) {
      const { value: entry, done } = await Promise.race([entries.next(), broken]);
      if (done) break;
      await unpacking.take(entry.header, Readable.from(entry));
      entry.resume();
    }
    await feeding;
  } catch (error) {
    if (codeOf(error) === "ENOSPC" || codeOf(error) === "EDQUOT") throw error;
    unpacking.warn(`the guest's files are incomplete: ${messageOf(error)}`);
    complete = error instanceof Stop;
  } finally {
    extraction.destroy();
    archive.destroy();
  }
  return unpacking.result(complete);
}
