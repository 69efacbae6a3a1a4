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
