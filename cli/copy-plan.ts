import { UserError } from "../lib/errors";

/** One side of `kmvm cp`: a path here, or of a machine. */
export type CopySide =
  | { readonly kind: "here"; readonly path: string }
  | { readonly kind: "machine"; readonly stack: string; readonly path: string };

/** Pure: `STACK:path` is of a machine; what has a slash before its colon, or none, is a path here. */
export function parseSide(text: string): CopySide {
  const match = /^([^/:]+):(.*)$/s.exec(text);
  if (!match) return { kind: "here", path: text };
  const [, stack = "", path = ""] = match;
  return { kind: "machine", stack, path: path === "" ? "." : path };
}

export interface CopyPlan {
  readonly direction: "up" | "down";
  readonly stack: string;
  readonly remote: string;
  readonly local: string;
}

/**
 * Pure: which way to copy.
 * @throws UserError unless exactly one side is a machine's
 */
export function planCopy(source: string, destination: string): CopyPlan {
  const from = parseSide(source);
  const to = parseSide(destination);
  if (from.kind === "here" && to.kind === "machine")
    return { direction: "up", stack: to.stack, remote: to.path, local: from.path };
  if (from.kind === "machine" && to.kind === "here")
    return { direction: "down", stack: from.stack, remote: from.path, local: to.path };
  throw new UserError(
    from.kind === "machine" ? "both sides are of a machine" : "neither side is of a machine",
    "write one of them STACK:PATH; a path here that has a colon begins with ./",
  );
}

/** Pure: a path here as scp takes it: nothing with a colon is taken for a host, nothing with a dash for a flag. */
export const asLocalArgument = (path: string): string => (path.startsWith("/") ? path : `./${path}`);
