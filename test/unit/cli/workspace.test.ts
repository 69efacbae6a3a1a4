import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeConfiguration } from "../../../cli/workspace";

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
