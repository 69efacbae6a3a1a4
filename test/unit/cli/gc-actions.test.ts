import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { CliContext } from "../../../cli/context";
import { perform } from "../../../cli/gc-actions";
import { leasedStacks } from "../../../cli/lease";
import type { Engine } from "../../../cli/workspace";

const stack = "vm-dev-mine";
const state = {
  deployment: { resources: [{ urn: "u", type: "kmvm:index:Run", outputs: { expiresAt: "2026-01-02T00:00:00Z" } }] },
};

let root: string;
let engine: Engine;

/** What the engine was asked. */
const asked = () =>
  existsSync(join(root, "asked")) ? readFileSync(join(root, "asked"), "utf8").trim().split("\n") : [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "kmvm-gc-"));
  const command = join(root, "pulumi");
  writeFileSync(command, `#!/bin/sh\necho "$@" >>${root}/asked\necho '${JSON.stringify(state)}'\n`);
  chmodSync(command, 0o700);
  engine = { command: { command }, environment: { PULUMI_BACKEND_URL: "s3://states" } } as unknown as Engine;
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

test("a stack that was made anew since it was judged is left alone, and set free", async () => {
  const action = { kind: "destroy-stack", stack, expiresAt: "2026-01-01T00:00:00Z" } as const;
  const context = { root, home: root } as unknown as CliContext;
  expect(await perform(action, context, engine, () => ({}) as never)).toBe("left alone");
  expect(asked()).toEqual([expect.stringMatching(/^stack export /)]);
  expect(leasedStacks(root)).toEqual([]);
});
