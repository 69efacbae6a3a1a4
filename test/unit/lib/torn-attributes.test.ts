import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeTornAttributes } from "../../../lib/torn-attributes";

let state: string;
let stacks: string;

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), "kmvm-state-"));
  stacks = join(state, ".pulumi", "stacks", "kmvm");
  mkdirSync(stacks, { recursive: true });
});

afterEach(() => {
  rmSync(state, { recursive: true, force: true });
});

test.each(["", '{"user.cache_con'])("attributes that were cut off go: %j", (text) => {
  writeFileSync(join(stacks, "test-dev-1.json.attrs"), text);
  removeTornAttributes(state);
  expect(existsSync(join(stacks, "test-dev-1.json.attrs"))).toBe(false);
});

test("whole ones stay, and whatever is no attributes", () => {
  writeFileSync(join(stacks, "test-dev-1.json.attrs"), '{"user.content_type":"application/json"}');
  writeFileSync(join(stacks, "test-dev-1.json"), "");
  removeTornAttributes(state);
  expect(existsSync(join(stacks, "test-dev-1.json.attrs"))).toBe(true);
  expect(existsSync(join(stacks, "test-dev-1.json"))).toBe(true);
});

test("no state yet is none", () => {
  expect(() => {
    removeTornAttributes(join(state, "none"));
  }).not.toThrow();
});
