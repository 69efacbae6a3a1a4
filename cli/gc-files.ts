import { readdirSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { codeOf } from "../lib/errors";
import { checkoutFolders } from "../lib/paths";
import { identify, isAlive } from "../lib/process";
import type { FileFacts } from "./gc-facts";

/** Where files of ours lie that live as long as a process, and how their names tell whose they are. */
interface Kind {
  readonly folders: (root: string) => readonly string[];
  /** Groups: `pid` and `startTime` of the process, or `pid` alone; without groups nobody knows whose it is. */
  readonly name: RegExp;
  readonly what: string;
}

const kinds: readonly Kind[] = [
  {
    folders: (root) => [checkoutFolders.temporary(root)],
    name: /^[a-z]+-(?<pid>\d+)-(?<startTime>\d+)-/,
    what: "temporary file",
  },
  { folders: (root) => foldersBelow(join(root, ".kmvm", "build")), name: /^(?<pid>\d+)$/, what: "unfinished bundle" },
  { folders: (root) => [join(root, ".kmvm")], name: /^gc-marks\.json\.(?<pid>\d+)$/, what: "temporary file" },
  { folders: () => [tmpdir()], name: /^kmvm-(?:probe|clone)-[A-Za-z0-9]{6}$/, what: "temporary folder" },
  {
    folders: (root) => [join(root, ".kmvm", "source")],
    name: /\.tar\.(?<pid>\d+)\..*\.part$/,
    what: "unfinished archive",
  },
  { folders: (root) => [join(root, ".kmvm", "source")], name: /^[0-9a-f]+\.tar$/, what: "packed source" },
];

function ownerOf({ groups }: RegExpExecArray): FileFacts["owner"] {
  const { pid, startTime } = groups ?? {};
  if (pid === undefined) return "unknown";
  const alive =
    startTime === undefined
      ? identify(Number(pid)) !== undefined
      : isAlive({ pid: Number(pid), startTime: Number(startTime) });
  return alive ? "alive" : "dead";
}

/** All folders in a folder, and in those. */
function foldersBelow(folder: string): string[] {
  const inner = namesIn(folder).map((name) => join(folder, name));
  const folders = inner.filter((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory());
  return [...folders, ...folders.flatMap(foldersBelow)];
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
  return kinds.flatMap(({ folders, name, what }) =>
    folders(root).flatMap((folder) =>
      namesIn(folder).flatMap((entry) => {
        const match = name.exec(entry);
        const path = join(folder, entry);
        const seen = match && statSync(path, { throwIfNoEntry: false });
        if (!match || !seen || seen.uid !== process.getuid?.()) return [];
        return [{ path, what, owner: ownerOf(match), changedAt: seen.mtimeMs }];
      }),
    ),
  );
}
