import { buildVersion } from "./build";
import { withBuildLock } from "./lock";
import type { Progress } from "./progress";
import { defaultKeep, prune } from "./prune";
import { loadRecipe } from "./recipe-files";
import { smoke } from "./smoke";
import { imageFolder, listVersions, promote, type StoredVersion } from "./store";

export { recipeKey } from "./recipe-files";

export interface BuildOptions extends Progress {
  /** @default true */
  readonly smoke?: boolean;
  /** @default true */
  readonly promote?: boolean;
  /** Versions kept beside those in use. @default 3 */
  readonly keep?: number;
}

/**
 * Build -> smoke test -> promote -> prune, each only as far as it has not been done: with an unchanged recipe whose
 * version is promoted there is nothing to do; a version that was built but not judged is not built again. Whatever
 * fails, the promoted version stays the one it was.
 *
 * @param root the checkout
 * @param name of the recipe, and so of the image
 */
export async function buildAndPromote(
  home: string,
  root: string,
  name: string,
  options: BuildOptions = {},
): Promise<StoredVersion> {
  const { log } = options;
  const loaded = await loadRecipe(root, name);
  const newest = async () => (await listVersions(home, name)).filter(({ key }) => key === loaded.key).at(-1);
  const isDone = (version: StoredVersion) => version.promoted || options.promote === false;

  const before = await newest();
  if (before && isDone(before)) {
    log?.(`${name}@${before.version} is what the recipe makes`);
    return before;
  }
  return withBuildLock(imageFolder(home, name), options, async (signal) => {
    const version = (await newest()) ?? (await buildVersion(home, root, loaded, { log, signal }));
    if (isDone(version)) return version;
    if (options.smoke !== false && version.smokedAt === undefined) await smoke(home, version, { log, signal });
    await promote(home, name, version.version);
    log?.(`promoted ${name}@${version.version}`);
    for (const removed of await prune(home, name, options.keep ?? defaultKeep)) log?.(`removed ${removed}`);
    return { ...version, promoted: true };
  });
}
