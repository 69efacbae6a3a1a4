import { readFile } from "node:fs/promises";
import { release } from "node:os";
import type { Accelerator } from "../qemu/accelerator";

/** What of /proc/cpuinfo a guest whose CPU is the host's own has seen, or that changes what it may do. Pure. */
export function cpuIdentity(cpuinfo: string): string {
  const lines = cpuinfo.split("\n").filter((line) => /^(model name|flags|microcode)\s*:/.test(line));
  return [...new Set(lines)].join("\n");
}

/**
 * The host as far as the saved state of a guest depends on it: under KVM on its processor, its kernel, and whether guests
 * nest; an emulated one finds the same everywhere.
 */
export async function hostIdentity({ name, nested }: Pick<Accelerator, "name" | "nested">): Promise<string> {
  if (name !== "kvm") return "";
  return [cpuIdentity(await readFile("/proc/cpuinfo", "utf8")), release(), `nested ${nested}`].join("\n");
}
