import { realpathSync } from "node:fs";
import { relative, resolve } from "node:path";
import { codeOf, messageOf, UserError } from "../lib/errors";
import { git, GitError } from "../lib/git";
import { isRepositoryUrl } from "../lib/repository-url";

/** Top of the git tree that a directory is in; where it is in none, the directory. */
async function topOf(directory: string): Promise<string> {
  try {
    return (await git(["rev-parse", "--show-toplevel"], { cwd: directory })).replace(/\n$/, "");
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    if (/not a git repository/.test(error.message)) return directory;
    // Without what lies above it the directory's makefiles would fail, or test something else.
    throw new UserError(`nobody can tell which git tree ${directory} is in: ${messageOf(error)}`, "mend what git says");
  }
}

/**
 * The settings `source` and `directories` for a directory that the user named: makefiles include what lies above them,
 * so the whole git tree goes into the machine and make runs in the directory.
 * @throws UserError when there is no such directory
 */
export async function locateSource(given: string): Promise<{ source: string; directories?: string[] }> {
  if (isRepositoryUrl(given)) return { source: given };
  let directory: string;
  try {
    directory = realpathSync(resolve(given));
  } catch (error) {
    if (codeOf(error) === "ENOENT")
      throw new UserError(`there is no directory ${given}`, "name the directory of a makefile");
    throw error;
  }
  const top = await topOf(directory);
  return { source: top, directories: [relative(top, directory) || "."] };
}
