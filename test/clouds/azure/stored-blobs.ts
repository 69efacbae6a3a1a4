import { closeSync, mkdirSync, openSync, readFileSync, rmSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Blobs, PageBlob } from "../fake-arm/blobs";
import type { Store } from "../lib/store";

interface Kept extends PageBlob {
  readonly id: string;
}

export const blobKind = "blob";

/** Where the bytes of a blob are, by `<container>/<name>`. */
export const blobFile = ({ folder }: Store, path: string): string => join(folder, "blobs", encodeURIComponent(path));

/** Page blobs as sparse files: a disk is larger than what a process should hold. */
export class StoredBlobs implements Blobs {
  constructor(private readonly store: Store) {}

  get(path: string): PageBlob | undefined {
    return this.store.get<Kept>(blobKind, path);
  }

  create(path: string, bytes: number): void {
    const file = blobFile(this.store, path);
    mkdirSync(join(this.store.folder, "blobs"), { recursive: true });
    // Another file: what a version was copied from stays as it was.
    rmSync(file, { force: true });
    writeFileSync(file, "");
    truncateSync(file, bytes);
    this.store.put<Kept>(blobKind, { id: path, bytes, metadata: {}, sent: 0, createdAt: Date.now() });
  }

  write(path: string, from: number, data: Buffer): void {
    const file = openSync(blobFile(this.store, path), "r+");
    writeSync(file, data, 0, data.length, from);
    closeSync(file);
    const blob = this.needed(path);
    this.store.put<Kept>(blobKind, { ...blob, sent: blob.sent + data.length });
  }

  describe(path: string, metadata: Readonly<Record<string, string>>): void {
    this.store.put<Kept>(blobKind, { ...this.needed(path), metadata });
  }

  remove(path: string): void {
    rmSync(blobFile(this.store, path), { force: true });
    this.store.remove(blobKind, path);
  }

  paths(): string[] {
    return this.store
      .list<Kept>(blobKind)
      .map(({ id }) => id)
      .sort();
  }

  content(path: string): Buffer {
    return readFileSync(blobFile(this.store, path));
  }

  private needed(path: string): Kept {
    const blob = this.store.get<Kept>(blobKind, path);
    if (!blob) throw new Error(`there is no blob ${path}`);
    return blob;
  }
}
