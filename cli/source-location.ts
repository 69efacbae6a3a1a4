import { spawnSync } from "node:child_process";
import { realpathSync } from "node:fs";
import { relative, resolve } from "node:path";
import { codeOf, UserError } from "../lib/errors";
import { isRepositoryUrl } from "../lib/repository-url";

/**
 * The settings `source` and `directories` for a directory that the user named: makefiles include what lies above them,
 * so the whole git tree goes into the machine and make runs in the directory.
 * @throws UserError when there is no such directory
 */
export function locateSource(given: string): { source: string; directories?: string[] } {
  if (isRepositoryUrl(given)) return { source: given };
  let directory: string;
  try {
    directory = realpathSync(resolve(given));
  } catch (error) {
    if (codeOf(error) === "ENOENT")
      throw new UserError(`there is no directory ${given}`, "name the directory of a makefile");
    throw error;
  }
  const git = spawnSync("git", ["-C", directory, "rev-parse", "--show-toplevel"], { encoding: "utf8" });
  const top = git.status === 0 ? git.stdout.trim() : directory;
  return { source: top, directories: [relative(top, directory) || "."] };
}
