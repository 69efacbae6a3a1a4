import { readFileSync } from "node:fs";

/**
 * The command line that runs a program as root of mount and process namespaces of its own, in which an ordinary user
 * is root too (subordinate ids: subuid(5), package uidmap). Whoever starts it needs nothing to clean up: when that
 * process dies, of whatever, `setpriv` has the kernel kill `unshare`, that kills the first process of the namespace,
 * and with it go all others and all mounts.
 */
export function inNamespace(asRoot: boolean, command: readonly string[]): string[] {
  return [
    ...["setpriv", "--pdeathsig", "KILL"],
    ...["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"],
    ...(asRoot ? [] : ["--user", "--map-root-user", "--map-auto"]),
    "--",
    ...command,
  ];
}

export const isRoot = () => process.getuid?.() === 0;

/** Switches of the kernel that take user namespaces from ordinary users, and the value that does not. */
const switches: readonly (readonly [name: string, allows: string])[] = [
  // Ubuntu, since 23.10: ubuntu.com/blog/ubuntu-23-10-restricted-unprivileged-user-namespaces.
  ["kernel.apparmor_restrict_unprivileged_userns", "0"],
  ["kernel.unprivileged_userns_clone", "1"],
];

/**
 * What to do where namespaces cannot be made.
 * @param asRoot whether root tried: in a container, then
 * @param read content of a file under /proc, undefined where there is none
 */
export function howToAllowNamespaces(asRoot = isRoot(), read = readSwitch): string {
  if (asRoot)
    return "root may make none here, as in a container without rights of its own: build in a privileged one, or bring $KMVM_HOME from elsewhere, by a cache";
  const wrong = switches.find(([name, allows]) => {
    const value = read(`/proc/sys/${name.replaceAll(".", "/")}`)?.trim();
    return value !== undefined && value !== allows;
  });
  if (wrong) return `sudo sysctl ${wrong.join("=")}; or build as root`;
  return "apt-get install uidmap, see that /etc/subuid and /etc/subgid have an entry for this user; or build as root";
}

function readSwitch(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
