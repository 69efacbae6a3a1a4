import { randomUUID } from "node:crypto";
import { linkSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { codeOf } from "./errors";

/**
 * Writes a file, for the user alone, unless it is there already. It has its name when it is whole: of two that write at
 * once both find the same one, and a killed one leaves none of that name. The folder must be there.
 */
export function createOnce(path: string, content: string): void {
  const temporary = join(dirname(path), `.${randomUUID()}`);
  try {
    writeFileSync(temporary, content, { mode: 0o600 });
    linkSync(temporary, path);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}
