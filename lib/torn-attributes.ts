import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

/**
 * Beside each file of a file state the engine keeps one of attributes, `x.json.attrs`, which it does not write in one step
 * (gocloud.dev/blob/fileblob, attrs.go). One that an engine left half written when it was killed makes every look at the
 * states fail with nothing but "EOF"; without it the engine does well. Removes those; one that is being written just now
 * is no loss either.
 * @param state folder of the file state
 */
export function removeTornAttributes(state: string): void {
  let entries;
  try {
    entries = readdirSync(join(state, ".pulumi"), { withFileTypes: true, recursive: true });
  } catch {
    // No state yet.
    return;
  }
  for (const entry of entries) {
    if (!entry.isFile() || !entry.name.endsWith(".attrs")) continue;
    const path = join(entry.parentPath, entry.name);
    try {
      JSON.parse(readFileSync(path, "utf8"));
    } catch {
      rmSync(path, { force: true });
    }
  }
}
