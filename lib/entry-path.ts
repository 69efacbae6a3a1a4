const longestName = 200;
const deepest = 16;

/**
 * The path of an archive's entry, made safe to create below a folder: relative, without `.` and `..`, of printable
 * ASCII, neither long nor deep. Other characters become `_`.
 * @returns undefined for one that does not stay below, is too deep, or names nothing
 */
export function safeEntryPath(name: string): string | undefined {
  if (name.startsWith("/") || name.includes("\0")) return undefined;
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.length === 0 || parts.length > deepest || parts.includes("..")) return undefined;
  return parts.map((part) => part.replace(/[^\x20-\x7e]|\\/g, "_").slice(0, longestName)).join("/");
}
