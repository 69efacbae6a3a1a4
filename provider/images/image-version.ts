/** One version of an image, as it lies in the store. It is never changed. */
export interface ImageVersion {
  readonly name: string;
  /** `YYYYMMDD.N-<first 12 digits of the key>` */
  readonly version: string;
  /** `layerKey` of the recipe that it was built from. */
  readonly key: string;
  /** Absolute path; the following ones are in it. */
  readonly folder: string;
  readonly disk: string;
  readonly diskFormat: "raw" | "qcow2";
  readonly kernel: string;
  readonly initrd: string;
}

export const versionPattern = /^(\d{8})\.(\d+)-([0-9a-f]{12})$/;

interface VersionParts {
  readonly date: string;
  readonly number: number;
  readonly key12: string;
}

/** @returns undefined when it is not the name of a version */
export function parseVersion(version: string): VersionParts | undefined {
  const [, date, number, key12] = versionPattern.exec(version) ?? [];
  return date && number && key12 ? { date, number: Number(number), key12 } : undefined;
}

/** Oldest first. */
export function compareVersions(a: string, b: string): number {
  const [x, y] = [parseVersion(a), parseVersion(b)];
  if (!x || !y) return a < b ? -1 : a > b ? 1 : 0;
  return x.date === y.date ? x.number - y.number : x.date < y.date ? -1 : 1;
}

/** The name of the next version: numbers of a day are never used again while one of them is there. */
export function nextVersion(existing: readonly string[], now: Date, key: string): string {
  const date = now.toISOString().slice(0, 10).replaceAll("-", "");
  const numbers = existing.flatMap((version) => {
    const parts = parseVersion(version);
    return parts?.date === date ? [parts.number] : [];
  });
  return `${date}.${Math.max(0, ...numbers) + 1}-${key.slice(0, 12)}`;
}
