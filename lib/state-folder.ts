import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { repositoryRoot } from "./paths";

/**
 * The folder of a state in files, as the engine understands its URL when it works in the checkout: `~` is the home
 * directory, another relative path is below the checkout (pkg/backend/diy in pulumi/pulumi).
 * @returns undefined: the state is kept elsewhere
 * @throws URIError for a `%` that begins no code, which the engine refuses, too
 */
export function stateFolder(url: string): string | undefined {
  const path = /^file:\/\/([^?]*)/.exec(url)?.[1];
  if (path === undefined) return undefined;
  const decoded = decodeURIComponent(path);
  return /^~(\/|$)/.test(decoded) ? join(homedir(), decoded.slice(1)) : resolve(repositoryRoot(), decoded);
}
