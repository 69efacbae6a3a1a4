import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** Programs that play a part of a cloud, and how each says its version. */
const programs = [
  ["socat", "-V"],
  ["genisoimage", "--version"],
  ["openssl", "version"],
] as const;

/** Why no cloud can be rehearsed here; undefined: it can. A cloud's ssh is on port 22, which is not everybody's. */
export function missingForRehearsal(): string | undefined {
  const first = Number(readFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start", "utf8"));
  if (process.getuid?.() !== 0 && first > 22)
    return "port 22 of loopback addresses: be root, or sysctl net.ipv4.ip_unprivileged_port_start=22";
  const missing = programs.filter(([program, flag]) => spawnSync(program, [flag], { stdio: "ignore" }).error);
  return missing.length === 0 ? undefined : `no ${missing.map(([program]) => program).join(", ")}: run scripts/setup`;
}
