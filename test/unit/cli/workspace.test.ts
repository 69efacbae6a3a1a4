import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CliContext } from "../../../cli/context";
import { remainsOf } from "../../../cli/kept-stack";
import { checkedSettings } from "../../../cli/stack-settings";
import { readConfiguration, writeConfiguration, type Engine } from "../../../cli/workspace";
import { sealed } from "../../../stacks/setting-sources";

const stack = "test-dev-1";
let root: string;
let file: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "kmvm-test-"));
  file = join(root, `Pulumi.${stack}.yaml`);
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

test("only the user can read a stack's configuration, even where the engine let others", () => {
  writeFileSync(file, "encryptionsalt: v1:x\n", { mode: 0o644 });
  writeConfiguration(root, stack, { environment: { PASSWORD: "p" } });
  expect((statSync(file).mode & 0o777).toString(8)).toBe("600");
});

test("what the engine keeps encrypted counts as given, and is never taken for a value", async () => {
  const login = 'kmvm:registry: r\n  kmvm:registryUsername: u\n  kmvm:registryPassword:\n    secure: "v1:canary"';
  writeFileSync(file, `encryptionsalt: v1:x\nconfig:\n  ${login}\n  other:registryPassword: canary\n`);
  const configuration = readConfiguration(root, stack);
  expect(configuration).toEqual({ registry: "r", registryUsername: "u", registryPassword: sealed });
  const context = { root, home: root, environment: {} } as unknown as CliContext;
  const { settings } = await checkedSettings(context, stack, configuration);
  expect(settings.registry).toMatchObject({ host: "r", username: "u", password: "" });
});

describe("of a stack without its machine", () => {
  const context = () => ({ root, home: root, environment: {} }) as unknown as CliContext;
  /** An engine that says one thing only. */
  const saying = (script: string) => {
    const command = join(root, "pulumi");
    writeFileSync(command, `#!/bin/sh\n${script}\n`, { mode: 0o700 });
    return { command: { command }, environment: {} } as unknown as Engine;
  };
  const state = (resources: object[]) => saying(`echo '${JSON.stringify({ deployment: { resources } })}'`);

  test.each([
    ["was only configured", () => state([]), undefined],
    ["was made", () => state([{ urn: "u", type: "t" }]), "machine gone"],
    ["the engine does not know", () => saying("echo \"error: no stack named 'x' found\" >&2; exit 255"), undefined],
  ])("that %s", async (_what, engine, remains) => {
    writeConfiguration(root, stack, { vcpus: 4 });
    expect(await remainsOf(context(), engine(), stack, false)).toBe(remains);
    expect(await remainsOf(context(), engine(), stack, true)).toBe("abandoned");
  });
});
