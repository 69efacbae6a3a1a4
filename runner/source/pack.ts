import { createHash } from "node:crypto";
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

/** Key of a tree: names, kinds, modes and contents, but no times. */
export async function keyOf(folder: string, files: readonly SourceFile[], prefix: string): Promise<string> {
  const hash = createHash("sha256").update(`${format}\0${prefix}\0`);
  for (const file of files) {
    hash.update(`${file.path}\0${file.kind}\0${file.executable}\0`);
    const content = createHash("sha256");
    for await (const chunk of contentOf(folder, file)) content.update(chunk);
    hash.update(content.digest());
  }
  return hash.digest("hex").slice(0, 32);
}

async function addFile(archive: Pack, folder: string, file: SourceFile, prefix: string): Promise<void> {
  const header = { name: `${prefix}/${file.path}`, mtime: new Date(file.mtimeMs), uid: 0, gid: 0 };
  if (file.kind === "link") {
    archive.entry({ ...header, type: "symlink", linkname: await readlink(join(folder, file.path)) });
    return;
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
      for await (const chunk of createReadStream(join(folder, file.path), range))
        if (!entry.write(chunk)) await new Promise<void>((drained) => entry.once("drain", () => drained()));
      entry.end(undefined);
    };
    if (file.size === 0) entry.end(undefined);
    else copy().catch(reject);
  });
}

/** An archive of the files, each below `prefix`. The stream fails when a file cannot be read. */
export function packFiles(folder: string, files: readonly SourceFile[], prefix: string): Pack {
  const archive = pack();
  void (async () => {
    for (const file of files) await addFile(archive, folder, file, prefix);
    archive.finalize();
  })().catch((error: unknown) => {
    archive.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  return archive;
}
