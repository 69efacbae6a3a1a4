import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { engineEnvironment, engineVersion, passphraseFile, prepareEngineState } from "../../../lib/engine-env";
import { repositoryRoot } from "../../../lib/paths";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kmvm-env-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("the engine's environment", () => {
  test("has a default for everything that nobody set", () => {
    expect(engineEnvironment("/checkout", folder, {})).toEqual({
      command: join(folder, "engine", engineVersion, "bin", "pulumi"),
      binDir: join(folder, "engine", engineVersion, "bin"),
      env: {
        PULUMI_HOME: join(folder, "pulumi"),
        PULUMI_BACKEND_URL: "file:///checkout/.kmvm/state",
        PULUMI_SKIP_UPDATE_CHECK: "true",
        PULUMI_CONFIG_PASSPHRASE_FILE: "/checkout/.kmvm/passphrase",
        KMVM_CHECKOUT: "/checkout",
      },
    });
  });

  test("leaves the user's own values alone, an empty passphrase too", () => {
    const { env } = engineEnvironment("/checkout", folder, {
      PULUMI_BACKEND_URL: "s3://mine",
      PULUMI_CONFIG_PASSPHRASE: "",
    });
    expect(env).not.toHaveProperty("PULUMI_BACKEND_URL");
    expect(env).not.toHaveProperty("PULUMI_CONFIG_PASSPHRASE_FILE");
  });

  test("names this checkout, whatever it was started from", () => {
    expect(engineEnvironment("/checkout", folder, { KMVM_CHECKOUT: "/other" }).env["KMVM_CHECKOUT"]).toBe("/checkout");
  });

  test("forbids downloads only beside a kit", () => {
    const kit = join(folder, "engine", engineVersion);
    mkdirSync(kit, { recursive: true });
    const forbidden = () => engineEnvironment("/c", folder, {}).env["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"];
    expect(forbidden()).toBeUndefined();
    writeFileSync(join(kit, "kit"), "");
    expect(forbidden()).toBe("true");
  });
});

test("the passphrase is made once, for the user alone, and leaves nothing beside it", () => {
  prepareEngineState(folder);
  const first = readFileSync(passphraseFile(folder), "utf8");
  prepareEngineState(folder);
  expect(readFileSync(passphraseFile(folder), "utf8")).toBe(first);
  expect(first.trim().length).toBeGreaterThanOrEqual(32);
  expect(statSync(passphraseFile(folder)).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(folder, ".kmvm")).sort()).toEqual(["passphrase", "state"]);
});

test("engine, SDK and the kit's module are of one version", () => {
  const read = (...path: string[]) => readFileSync(join(repositoryRoot(), ...path), "utf8");
  expect(JSON.parse(read("package.json"))).toMatchObject({ dependencies: { "@pulumi/pulumi": engineVersion } });
  expect(read("tools", "engine", "go.mod")).toContain(`github.com/pulumi/pulumi/pkg/v3 v${engineVersion} `);
  expect(read("tools", "engine", "go.mod")).toContain(`github.com/pulumi/pulumi/sdk/v3 v${engineVersion} `);
});
