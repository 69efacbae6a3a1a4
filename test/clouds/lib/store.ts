import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lock } from "proper-lockfile";

/** A thing that exists in the played account: `kind` and `id` name it. */
export interface Thing {
  readonly id: string;
}

/**
 * What exists in a played account, one file a thing, outside every process: several plugins and servers work on it at
 * once, and any of them may be killed.
 */
export interface Store {
  readonly folder: string;
  /** Runs alone. `work` must not wait for anything: whoever is killed in it holds up the others for seconds. */
  exclusively<T>(work: () => T): Promise<T>;
  get<T extends Thing>(kind: string, id: string): T | undefined;
  list<T extends Thing>(kind: string): T[];
  put<T extends Thing>(kind: string, thing: T): void;
  remove(kind: string, id: string): void;
  /** Kinds that anything has ever been of. */
  kinds(): string[];
}

/** Ids hold slashes (parameters, objects in buckets), file names cannot. */
const fileOf = (id: string): string => `${encodeURIComponent(id)}.json`;

/** @param folder made when it is not there */
export function openStore(folder: string): Store {
  const things = join(folder, "things");
  mkdirSync(things, { recursive: true });
  const pathOf = (kind: string, id: string): string => join(things, kind, fileOf(id));
  const read = <T>(path: string): T | undefined => {
    try {
      return JSON.parse(readFileSync(path, "utf8")) as T;
    } catch {
      return undefined;
    }
  };
  return {
    folder,
    async exclusively(work) {
      const release = await lock(things, {
        stale: 5000,
        retries: { retries: 600, factor: 1, minTimeout: 10, maxTimeout: 50, randomize: true },
      });
      try {
        return work();
      } finally {
        await release();
      }
    },
    get: (kind, id) => read(pathOf(kind, id)),
    list<T extends Thing>(kind: string): T[] {
      const folderOfKind = join(things, kind);
      if (!existsSync(folderOfKind)) return [];
      return readdirSync(folderOfKind)
        .filter((name) => name.endsWith(".json"))
        .sort()
        .flatMap((name) => read<T>(join(folderOfKind, name)) ?? []);
    },
    put(kind, thing) {
      const path = pathOf(kind, thing.id);
      mkdirSync(join(things, kind), { recursive: true });
      const temporary = `${path}.${process.pid}`;
      writeFileSync(temporary, JSON.stringify(thing, undefined, 1));
      renameSync(temporary, path);
    },
    remove: (kind, id) => {
      rmSync(pathOf(kind, id), { force: true });
    },
    kinds: () => readdirSync(things).filter((name) => !name.endsWith(".lock")),
  };
}
