import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { repositoryRoot } from "../../../lib/paths";
import { addMachine, addUsage, own } from "./account";
import { Door } from "./door";
import { FakeArm } from "./server";

jest.setTimeout(120_000);

const door = new Door();
const arm = new FakeArm({ subscriptionId: own.subscriptionId });
let home: string;
let environment: Record<string, string>;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "kmvm-home-"));
  environment = await door.open(arm);
});
afterAll(async () => {
  await door.close();
  rmSync(home, { recursive: true });
  expect(arm.unknown).toEqual([]);
});

/** The command as a person starts it, with a login and a network that lead to the played Azure. */
function kmvm(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { PATH: process.env["PATH"] ?? "", HOME: home, KMVM_HOME: home, KMVM_AZURE: JSON.stringify(own) };
  return new Promise((resolve) => {
    execFile("bin/kmvm", args, { cwd: repositoryRoot(), env: { ...env, ...environment } }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
  });
}

test("kmvm ls shows the machines of a configured Azure beside those of this host", async () => {
  const id = addMachine(arm);
  const { code, stdout, stderr } = await kmvm("ls", "--json");
  expect(code).toBe(0);
  expect(stderr).not.toContain("azure");
  expect(JSON.parse(stdout)).toMatchObject([{ id, stack: "test-ci-1", state: "running" }]);
});

test("kmvm quota says what is used of the limits that a machine meets", async () => {
  addUsage(arm, "cores", 46, 100);
  addUsage(arm, "standardDSv5Family", 44, 48);
  const { code, stdout, stderr } = await kmvm("quota", "--backend", "azure", "--json");
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toContain("standardDSv5Family");
});

test("kmvm doctor creates nothing and names what is missing", async () => {
  arm.requests.length = 0;
  const { stdout, stderr } = await kmvm("doctor", "--backend", "azure");
  expect(`${stdout}${stderr}`).toContain("Microsoft.Compute/virtualMachines/write");
  expect(arm.requests.filter((line) => !line.startsWith("GET"))).toEqual([]);
});
