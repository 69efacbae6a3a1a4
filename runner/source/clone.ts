import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../../lib/errors";
import { git } from "../../lib/git";

export interface Repository {
  readonly url: string;
  /** @default the repository's own */
  readonly branch?: string | undefined;
}

/** The token goes only to where the repository lies, and only where nobody can listen. */
function tokenScope(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { protocol, hostname, origin } = new URL(url);
  const loopback = hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
  return protocol === "https:" || (protocol === "http:" && loopback) ? `${origin}/` : undefined;
}

/**
 * git's environment for a clone: the token comes as configuration by environment (git-config(1), GIT_CONFIG_COUNT), so it
 * is no argument and not in the URL, which git would store and print.
 */
export function cloneEnvironment(url: string, token: string | undefined): Record<string, string> {
  // A repository's submodules name what is cloned with it: not what lies on this host, unless it does so itself.
  const allowed = { GIT_ALLOW_PROTOCOL: `https:http:ssh:git${/^file:/i.test(url) ? ":file" : ""}` };
  const scope = tokenScope(url);
  if (!token || !scope) return allowed;
  return {
    ...allowed,
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: `http.${scope}.extraHeader`,
    GIT_CONFIG_VALUE_0: `Authorization: Basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}`,
  };
}

/**
 * Clones the newest state of a branch, hands it to `use`, and removes it.
 * @throws UserError when it cannot be had
 */
export async function withClone<T>(
  { url, branch }: Repository,
  token: string | undefined,
  use: (folder: string) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "kmvm-clone-"));
  try {
    const what = [...(branch === undefined ? [] : [`--branch=${branch}`]), "--", url, folder];
    try {
      await git(["clone", "--quiet", "--depth=1", "--recurse-submodules", "--shallow-submodules", ...what], {
        env: cloneEnvironment(url, token),
        ...(signal ? { signal } : {}),
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw new UserError(
        `cannot clone ${branch === undefined ? "" : `branch ${branch} of `}${url}: ${error instanceof Error ? error.message : ""}`,
        "check the settings of the source, and GITHUB_TOKEN if the repository is private",
      );
    }
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
