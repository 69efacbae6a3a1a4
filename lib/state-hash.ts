import { createHash, randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createOnce } from "./create-once";
import { codeOf } from "./errors";
import { stateFolder } from "./state-folder";

/** What no other state in files has, made at the first look. Empty where there is none, and the folder takes none. */
function identityOf(folder: string): string {
  const file = join(folder, "kmvm-state-id");
  try {
    if (!existsSync(file)) createOnce(file, `${randomUUID()}\n`);
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    if (["ENOENT", "EACCES", "EROFS", "EPERM"].includes(codeOf(error) ?? "")) return "";
    throw error;
  }
}

/**
 * Tells states apart without saying where they are: machines bear it, so that whoever clears up knows its own. A path does
 * not tell: it is the same on all runners of a CI and in all containers of a kind, so a state in files has an identity in
 * its folder. States elsewhere are told apart by their URL: of one service, those of all organisations are one.
 * @param url of the engine's backend; empty or undefined where it is not known, and so is the hash
 */
export function stateHash(url: string | undefined): string {
  if (!url) return "";
  const folder = stateFolder(url);
  const identity = folder === undefined ? url : `${url} ${identityOf(folder)}`;
  return createHash("sha256").update(identity).digest("hex").slice(0, 12);
}
