/** A page blob: as long as it was said to be, and empty where nothing was written. */
export interface PageBlob {
  readonly bytes: number;
  readonly metadata: Readonly<Record<string, string>>;
  /** How many bytes were sent. */
  readonly sent: number;
  /** Milliseconds, as Date.now(). */
  readonly createdAt: number;
}

/** Page blobs by `<container>/<name>`. */
export interface Blobs {
  get(path: string): PageBlob | undefined;
  /** Empty, whatever it was before. */
  create(path: string, bytes: number): void;
  write(path: string, from: number, data: Buffer): void;
  describe(path: string, metadata: Readonly<Record<string, string>>): void;
  remove(path: string): void;
  /** Of all of them, sorted. */
  paths(): string[];
  /** What is in it, whole. */
  content(path: string): Buffer;
}

export class MemoryBlobs implements Blobs {
  private readonly blobs = new Map<string, PageBlob & { readonly content: Buffer }>();

  get(path: string): PageBlob | undefined {
    return this.blobs.get(path);
  }

  create(path: string, bytes: number): void {
    this.blobs.set(path, { bytes, metadata: {}, sent: 0, createdAt: Date.now(), content: Buffer.alloc(bytes) });
  }

  write(path: string, from: number, data: Buffer): void {
    const blob = this.needed(path);
    data.copy(blob.content, from);
    this.blobs.set(path, { ...blob, sent: blob.sent + data.length });
  }

  describe(path: string, metadata: Readonly<Record<string, string>>): void {
    this.blobs.set(path, { ...this.needed(path), metadata });
  }

  remove(path: string): void {
    this.blobs.delete(path);
  }

  paths(): string[] {
    return [...this.blobs.keys()].sort();
  }

  /** It was made at another time. */
  age(path: string, createdAt: number): void {
    this.blobs.set(path, { ...this.needed(path), createdAt });
  }

  content(path: string): Buffer {
    return this.needed(path).content;
  }

  private needed(path: string) {
    const blob = this.blobs.get(path);
    if (!blob) throw new Error(`there is no blob ${path}`);
    return blob;
  }
}
