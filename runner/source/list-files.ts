import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { codeOf } from "../../lib/errors";
import { git, GitError } from "../../lib/git";

/** A file or symbolic link of a source tree. */
export interface SourceFile {
  /** Relative to the tree, with `/`. */
  readonly path: string;
  readonly kind: "file" | "link";
  readonly executable: boolean;
  readonly size: number;
  readonly mtimeMs: number;
}

/** Paths that git knows or would take; undefined where there is no git tree. */
async function gitPaths(folder: string, signal?: AbortSignal): Promise<string[] | undefined> {
  try {
    const options = { cwd: folder, ...(signal ? { signal } : {}) };
    const listed = await git(["ls-files", "-z", "--cached", "--others", "--exclude-standard"], options);
    // In the empty folder of a submodule that was not fetched, git speaks for the tree around it: of that folder, "./".
    return listed.split("\0").filter((path) => path !== "" && path !== "./");
  } catch (error) {
    if (error instanceof GitError && /not a git repository/.test(error.message)) return undefined;
    throw error;
  }
}

async function allPaths(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

/**
 * What a tree of source consists of, in order of path: in a git tree what is tracked, and what is not but is not ignored
 * either, as it lies there now; elsewhere everything. Links are listed, never followed; submodules are gone into.
 */
export async function listSourceFiles(folder: string, signal?: AbortSignal): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  for (const path of new Set((await gitPaths(folder, signal)) ?? (await allPaths(folder)))) {
    const place = join(folder, path);
    let stat;
    try {
      stat = await lstat(place);
    } catch (error) {
      // Deleted, and git not told yet; or its folder has become a file.
      if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") continue;
      throw error;
    }
    if (stat.isDirectory()) {
      const inner = await listSourceFiles(place, signal);
      files.push(...inner.map((file) => ({ ...file, path: `${path.replace(/\/$/, "")}/${file.path}` })));
    } else if (stat.isFile() || stat.isSymbolicLink()) {
      files.push({
        path,
        kind: stat.isFile() ? "file" : "link",
        executable: (stat.mode & 0o100) !== 0,
        size: stat.isFile() ? stat.size : 0,
        mtimeMs: stat.mtimeMs,
      });
    }
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}
