/**
 * How a host reaches the network: by which proxy, with whose certificates. Node reads the NODE_ ones, the clouds' SDKs,
 * git and curl the others, some of them in small letters only (everything.curl.dev/usingcurl/proxies/env.html,
 * nodejs.org/api/cli.html#environment-variables, go.dev/src/crypto/x509/root_unix.go).
 */
const networkNames = [
  ...["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"].flatMap((name) => [name, name.toLowerCase()]),
  ...["NODE_EXTRA_CA_CERTS", "NODE_USE_ENV_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"],
];

const ownNames = ["PATH", "HOME", "KMVM_HOME", "TMPDIR"];

/** Starts what reaches nobody. */
export const verdictCommand =
  'exec env -i PATH="$PATH" HOME="$HOME" KMVM_HOME="${KMVM_HOME-}" TMPDIR="${TMPDIR-/tmp}" bin/kmvm-runner --verdict';

/**
 * The runner is started with nothing but what it needs: what the user has in the environment, tokens among it, is none
 * of its business. It clones sources and asks a cloud for the console, so it needs what the network is reached by, and
 * what the provider is: values that must not get into an argument. So all others are taken away. A line of a value of
 * several lines can look like a variable: at worst one more that is not wanted is taken away. The path is relative to the
 * project, so that a checkout that has moved is no change of the command.
 *
 * @param prefixes how the names begin that a provider is reached by: `Capabilities.environmentPrefixes`
 */
export function runnerCommand(prefixes: readonly string[] = []): string {
  const kept = [...ownNames, ...networkNames, ...prefixes.map((prefix) => `${prefix}[A-Za-z0-9_]*`)].join("|");
  const others = `env | sed -n 's/^\\([A-Za-z_][A-Za-z0-9_]*\\)=.*/\\1/p' | grep -vxE '${kept}'`;
  return `unset $(${others}); exec bin/kmvm-runner`;
}
