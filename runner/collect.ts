import { PassThrough } from "node:stream";
import { codeOf, messageOf } from "../lib/errors";
import type { Redactor } from "../lib/redact";
import type { RootShell } from "../lib/root-shell";
import { untar } from "../lib/untar";

export interface CollectOptions {
  readonly connection: RootShell;
  /** Where the guest's files go. */
  readonly folder: string;
  readonly artifactsMiB: number;
  readonly redactor: Redactor;
  /** Ends it; what has come by then stays. */
  readonly signal: AbortSignal;
}

export interface Collected {
  /** Relative to the folder. */
  readonly files: readonly string[];
  /** Whether all came that was to come. */
  readonly complete: boolean;
  readonly warnings: readonly string[];
}

const mebibyte = 1024 * 1024;

/** Brings home what the guest has. Never fails: what could not be had is said in the warnings. */
export async function collect(options: CollectOptions): Promise<Collected> {
  const { connection, folder, artifactsMiB, redactor, signal } = options;
  const archive = new PassThrough();
  // The guest keeps to the limit by itself; its own records come on top.
  const limits = { fileBytes: artifactsMiB * mebibyte, totalBytes: (artifactsMiB + 64) * mebibyte, entries: 10_000 };
  const script = `exec /opt/kmvm/test/collect ${Math.max(1, Math.floor(artifactsMiB))}`;
  const sending = connection.run(script, { stdout: archive, signal }).then(
    () => undefined,
    (error: unknown) => {
      archive.destroy(error instanceof Error ? error : new Error(messageOf(error)));
      return undefined;
    },
  );
  try {
    const untarred = await untar(archive, folder, limits, redactor);
    await sending;
    return untarred;
  } catch (error) {
    const why = codeOf(error) === "ENOSPC" ? "the disk of this host is full" : messageOf(error);
    return { files: [], complete: false, warnings: [`the guest's files are incomplete: ${why}`] };
  }
}
