import type { Readable } from "node:stream";

const keptBytes = 1024 * 1024;

/** Keeps the last MiB of a stream, which must be read to its end whether anybody wants it or not. */
export function tailOf(stream: Readable): () => string {
  let kept: Buffer[] = [];
  let size = 0;
  stream.on("data", (chunk: Buffer) => {
    kept.push(chunk);
    size += chunk.length;
    if (size < 2 * keptBytes) return;
    kept = [Buffer.concat(kept).subarray(-keptBytes)];
    size = keptBytes;
  });
  return () => Buffer.concat(kept).subarray(-keptBytes).toString("utf8");
}
