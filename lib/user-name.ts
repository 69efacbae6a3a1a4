import { userInfo } from "node:os";

/** Who this is. A user id without a name, as in some containers, has only its number. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? "unknown");
  }
}
