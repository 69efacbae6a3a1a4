import { readdirSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { codeOf } from "../lib/errors";
import { checkoutFolders } from "../lib/paths";
import { identify, isAlive } from "../lib/process";
import type { FileFacts } from "./gc-facts";

/** Where files of ours lie that live as long as a process, and how their names tell whose they are. */
interface Kind {
  readonly folder: (root: string) => string;
  /** Groups: the process id, its start time. A name without groups does not tell. */
  readonly name: RegExp;
  readonly what: string;
}

const kinds: readonly Kind[] = [
  { folder: checkoutFolders.temporary, name: /^[a-z]+-(\d+)-(\d+)-/, what: "temporary file" },
  { folder: (root) => join(root, ".kmvm", "build"), name: /^[0-9a-f]+\.(\d+)$/, what: "unfinished bundle" },
  { folder: (root) => join(root, ".kmvm"), name: /^gc-marks\.json\.(\d+)$/, what: "temporary file" },
  { folder: () => tmpdir(), name: /^kmvm-[a-z]+-/, what: "temporary folder" },
];

function ownerOf([, pid, startTime]: RegExpExecArray): FileFacts["owner"] {
  if (pid === undefined) return "unknown";
  const alive =
    startTime === undefined
      ? identify(Number(pid)) !== undefined
      : isAlive({ pid: Number(pid), startTime: Number(startTime) });
  return alive ? "alive" : "dead";
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  }
}

/** Temporary files of ours, and of this user only. */
export function temporaryFiles(root: string): FileFacts[] {
  return kinds.flatMap(({ folder, name, what }) =>
    namesIn(folder(root)).flatMap((entry) => {
      const match = name.exec(entry);
      const path = join(folder(root), entry);
      const seen = match && statSync(path, { throwIfNoEntry: false });
      if (!match || !seen || seen.uid !== process.getuid?.()) return [];
      return [{ path, what, owner: ownerOf(match), changedAt: seen.mtimeMs }];
    }),
  );
}
