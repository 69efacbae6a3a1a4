import { afterAll, beforeAll, describe, expect } from "@jest/globals";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { testUnless } from "../../support/needs";
import { missingForKmvm, ownCheckout, type Ended, type OwnCheckout } from "../../support/own-checkout";
import { startRegistry, type Registry } from "../../support/registry";

const missing = missingForKmvm();
const seconds = 900_000;

/** Made here: this very file goes into the machine, with the rest of the source. */
const canary = () => `canary-${randomBytes(8).toString("hex")}`;
const canaries = { GITHUB_TOKEN: canary(), SP_PASSWORD: canary(), PULUMI_CONFIG_PASSPHRASE: canary() };
/** As it is, and as it would look in an HTTP header or in docker's configuration. */
const formsOf = (secret: string): string[] => [
  secret,
  ...[secret, `app:${secret}`].map((text) => Buffer.from(text).toString("base64").replace(/=+$/, "")),
];

const holds = (bytes: Buffer, secrets: readonly string[]): boolean =>
  secrets.flatMap(formsOf).some((form) => bytes.includes(form));
const holdsCanary = (bytes: Buffer): boolean => holds(bytes, Object.values(canaries));

/** Files below a folder that hold a canary. */
function filesWithCanary(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => statSync(file).size < 2 ** 31 && holdsCanary(readFileSync(file)));
}

/**
 * The engine must know the passphrase, and its plugins inherit what it knows; so do, for an instant, the shell that takes
 * everything away from the runner, and the programs that it does so by (components/runner-command.ts).
 */
const mayKnowPassphrase = /pulumi|^\/bin\/sh -c (unset|exec env) |^(env $|sed -n s\/\^|grep -vxE PATH\|)/;

/** `kmvm` itself, and a child of it in the instant before it becomes another program. */
const isKmvm = (name: string) => name.includes("bin/kmvm test");

/** What of every process, `kmvm` itself apart, holds a canary now. */
function processesWithCanary(): string[] {
  const { PULUMI_CONFIG_PASSPHRASE: _passphrase, ...others } = canaries;
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`);
        const name = command.toString("utf8").replaceAll("\0", " ").slice(0, 80);
        if (isKmvm(name)) return [];
        const inEnvironment = Object.values(mayKnowPassphrase.test(name) ? others : canaries);
        return [
          ...(holdsCanary(command) ? [`arguments of ${name}`] : []),
          ...(holds(readFileSync(`/proc/${pid}/environ`), inEnvironment) ? [`environment of ${name}`] : []),
        ];
      } catch {
        return [];
      }
    });
}

describe("a run with secrets in every secret input", () => {
  let checkout: OwnCheckout;
  let registry: Registry | undefined;
  let ended: Ended;
  const seen = new Set<string>();

  beforeAll(async () => {
    checkout = ownCheckout({ ...canaries, SP_APPID: "app", PULUMI_CONFIG_PASSPHRASE_FILE: "" });
    if (missing !== undefined) return;
    registry = await startRegistry("app", canaries.SP_PASSWORD);
    await registry.push("km-hello-testenv", "ci-240");
    const run = checkout.start([
      ...["test", "test/fixtures/payloads/secrets", "--id", "secrets", "--keep", "always", "--image-version", "ci-240"],
      ...["--set", `registry=10.0.2.2:${registry.port}`, "--set", "registryInsecure=true"],
    ]);
    const watch = setInterval(() => {
      for (const found of processesWithCanary()) seen.add(found);
    }, 50);
    ended = await run.ended;
    clearInterval(watch);
  }, seconds);

  afterAll(async () => {
    if (missing === undefined) await checkout.kmvm("vm", "delete", "test-dev-secrets");
    await registry?.stop();
    checkout.remove();
  }, seconds);

  testUnless(missing)("logs in to the registry and pulls the image of the version asked for", () => {
    expect({ code: ended.code, stderr: ended.stderr }).toEqual({
      code: 0,
      stderr: expect.stringContaining("Login Succeeded"),
    });
    expect(ended.stderr).toContain(`secrets: the image is 10.0.2.2:${registry?.port ?? 0}/km-hello-testenv:ci-240`);
  });

  testUnless(missing)("shows none in the arguments or the environment of any other process of this host", () => {
    expect([...seen]).toEqual([]);
  });

  testUnless(missing)("shows none on the terminal", () => {
    expect(holdsCanary(Buffer.from(ended.stdout + ended.stderr))).toBe(false);
  });

  testUnless(missing)("has none in the evidence, processes of the machine included", () => {
    const folder = join(checkout.folder, "runs");
    const artifacts = readdirSync(folder, { recursive: true }).map(String);
    expect(artifacts).toEqual(
      expect.arrayContaining([expect.stringMatching(/processes\.bin$/), expect.stringMatching(/env\.txt$/)]),
    );
    expect(filesWithCanary(folder)).toEqual([]);
  });

  testUnless(missing)("has none in the state, in the stack's configuration or in anything else of the checkout", () => {
    expect(filesWithCanary(join(checkout.folder, ".kmvm"))).toEqual([]);
    expect(holdsCanary(readFileSync(join(checkout.folder, "Pulumi.test-dev-secrets.yaml")))).toBe(false);
  });

  testUnless(missing)("has none on the machine's disk, in its console or in what it was given to boot with", () => {
    expect(filesWithCanary(join(checkout.home, "machines"))).toEqual([]);
  });
});
