import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readlink } from "node:fs/promises";
import { join } from "node:path";
import { pack, type Pack } from "tar-stream";
import type { SourceFile } from "./list-files";

/** Changed whenever the same files are packed in another way. */
const format = 1;

async function* contentOf(folder: string, file: SourceFile): AsyncGenerator<Buffer> {
  if (file.kind === "link") yield await readlink(join(folder, file.path), { encoding: "buffer" });
  else for await (const chunk of createReadStream(join(folder, file.path))) yield chunk as Buffer;
}

/** The key of a tree: of names, kinds, modes and contents, but no times. */
class TreeKey {
  private readonly hash: Hash;

  constructor(prefix: string) {
    this.hash = createHash("sha256").update(`${format}\0${prefix}\0`);
  }

  add(file: SourceFile, content: Hash): void {
    this.hash.update(`${file.path}\0${file.kind}\0${file.executable}\0`);
    this.hash.update(content.digest());
  }

  digest(): string {
    return this.hash.digest("hex").slice(0, 32);
  }
}

/** Key of a tree as it is now. */
export async function keyOf(folder: string, files: readonly SourceFile[], prefix: string): Promise<string> {
  const key = new TreeKey(prefix);
  for (const file of files) {
    const content = createHash("sha256");
    for await (const chunk of contentOf(folder, file)) content.update(chunk);
    key.add(file, content);
  }
  return key.digest();
}

/** @returns hash of what went into the archive */
async function addFile(archive: Pack, folder: string, file: SourceFile, prefix: string): Promise<Hash> {
  const header = { name: `${prefix}/${file.path}`, mtime: new Date(file.mtimeMs), uid: 0, gid: 0 };
  const content = createHash("sha256");
  if (file.kind === "link") {
    const linkname = await readlink(join(folder, file.path));
    archive.entry({ ...header, type: "symlink", linkname });
    return content.update(linkname);
  }
  await new Promise<void>((resolve, reject) => {
    const size = { size: file.size, mode: file.executable ? 0o755 : 0o644 };
    const entry = archive.entry({ ...header, ...size }, (error) => {
      if (error) reject(error);
      else resolve();
    });
    const copy = async () => {
      // A file that has grown since it was listed is cut; one that has shrunk fails the archive.
      const range = { end: file.size - 1 };
      for await (const chunk of createReadStream(join(folder, file.path), range)) {
        content.update(chunk as Buffer);
        if (!entry.write(chunk)) await new Promise<void>((drained) => entry.once("drain", () => drained()));
      }
      entry.end(undefined);
    };
    if (file.size === 0) entry.end(undefined);
    else copy().catch(reject);
  });
  return content;
}

/** A tree on its way into an archive. */
export interface PackedFiles {
  /** Fails when a file cannot be read. */
  readonly archive: Pack;
  /** Key of what is in it, which may have changed since it was listed. To be asked once, when the archive has ended. */
  key(): string;
}

/** Packs the files, each below `prefix`. */
export function packFiles(folder: string, files: readonly SourceFile[], prefix: string): PackedFiles {
  const archive = pack();
  const key = new TreeKey(prefix);
  void (async () => {
    for (const file of files) key.add(file, await addFile(archive, folder, file, prefix));
    archive.finalize();
  })().catch((error: unknown) => {
    archive.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  return { archive, key: () => key.digest() };
}
