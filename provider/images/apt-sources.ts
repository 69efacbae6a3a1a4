import { execa } from "execa";

/** Of the package debian-archive-keyring: other distributions' apt does not trust Debian by itself. */
const signed = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]";

const debian = (suite: string) => [
  `deb ${signed} http://deb.debian.org/debian ${suite} main`,
  `deb ${signed} http://deb.debian.org/debian ${suite}-updates main`,
  `deb ${signed} http://deb.debian.org/debian-security ${suite}-security main`,
];

/** Options of the host's apt that say how archives are reached and trusted, not how packages are installed. */
const reaching =
  /^Acquire::(Check-Valid-Until|Check-Date|Max-ValidTime|Retries|ForceIPv[46]|https?::(Proxy|Timeout))\b/;

/**
 * Sources for a suite, out of those that this host uses; Debian's own where it has none of them.
 * @param targets lines `URI RELEASE COMPONENT` as `apt-get indextargets` gives them
 */
export function planSources(suite: string, targets: string): string[] {
  const ours = targets
    .split("\n")
    .map((line) => line.split(" "))
    .filter(([, release = "", component]) => component === "main" && belongsTo(suite, release))
    .map(([uri = "", release = ""]) => `deb ${uri} ${release} main`);
  return ours.some((line) => line.endsWith(` ${suite} main`)) ? [...new Set(ours)] : debian(suite);
}

const belongsTo = (suite: string, release: string) =>
  [suite, `${suite}-updates`, `${suite}-security`].includes(release);

/** Lines of `apt-config dump` that the build shall have too. */
export function planAptOptions(dump: string): string[] {
  return dump.split("\n").filter((line) => reaching.test(line) && !line.endsWith('"";'));
}

/** How this host's apt reaches Debian: sources for mmdebstrap and options for apt. */
export async function hostAptConfiguration(suite: string): Promise<{ sources: string[]; options: string[] }> {
  const format = "$(REPO_URI) $(RELEASE) $(COMPONENT)";
  const [targets, dump] = await Promise.all([
    execa("apt-get", ["indextargets", "--format", format, "Identifier: Packages"], { reject: false, stdin: "ignore" }),
    execa("apt-config", ["dump"], { reject: false, stdin: "ignore" }),
  ]);
  return { sources: planSources(suite, targets.stdout ?? ""), options: planAptOptions(dump.stdout ?? "") };
}
