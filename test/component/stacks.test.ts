import { beforeEach, describe, expect, test } from "@jest/globals";
import * as pulumi from "@pulumi/pulumi";
import { parseStackName } from "../../stacks/name";
import { signatureKey } from "../../plugin/secrets";
import { declare, valueOf, type Registered } from "../support/declare";

let registered: Registered[];

async function declareStack(stack: string, environment: NodeJS.ProcessEnv = {}): Promise<Record<string, unknown>> {
  registered = [];
  const outputs = { "command:local:Command": { stdout: '{"verdict":"pass"}' } };
  return (await declare(stack, "qemu", { environment, outputs, registered })).exports;
}

const ofType = (type: string) => registered.filter((resource) => resource.type === type);

beforeEach(() => {
  pulumi.runtime.setAllConfig({});
});

describe("a test stack", () => {
  test("is one run, two keys, one machine, one test and one verdict", async () => {
    await declareStack("test-dev-1");
    expect(registered.map(({ type, name }) => `${type} ${name}`).sort()).toEqual([
      "command:local:Command test-km-test",
      "command:local:Command test-verdict",
      "kmvm:index:Run test-run",
      "kmvm:index:SshKey test-host-key",
      "kmvm:index:SshKey test-user-key",
      "kmvm:index:TestRun test",
      "kmvm:index:TestVm test",
      "kmvm:local:Machine test-machine",
      "pulumi:providers:command test-command",
    ]);
  });

  test("names its machine after stack and run, and tags it before it exists", async () => {
    await declareStack("test-dev-1", { PULUMI_BACKEND_URL: "file:///state" });
    const machine = ofType("kmvm:local:Machine")[0]?.inputs;
    expect(machine).toMatchObject({
      machineId: "test-dev-1-ab12cd34",
      image: "L0-base",
      expiresAt: "2026-01-01T04:00:00.000Z",
      tags: { project: "kmvm", stack: "test-dev-1", runId: "ab12cd34", owner: "me@here" },
    });
    expect(machine?.["tags"]).toHaveProperty("backendHash", expect.stringMatching(/^[0-9a-f]{12}$/));
  });

  test("hands the runner everything by a secret standard input, nothing by argument or environment", async () => {
    await declareStack("test-dev-1", { GITHUB_TOKEN: "canary" });
    const kmTest = registered.find(({ name }) => name === "test-km-test")?.inputs;
    const { value, ...mark } = kmTest?.["stdin"] as { value: string };
    expect(Object.keys(mark)).toEqual([signatureKey]);
    const request = JSON.parse(value) as Record<string, unknown>;
    expect(request).toMatchObject({
      stack: "test-dev-1",
      runId: "ab12cd34",
      githubToken: "canary",
      machine: { privateKey: "CANARY-PRIVATE-KEY" },
    });
    const { stdin: _stdin, ...others } = kmTest ?? {};
    expect(JSON.stringify(others)).not.toMatch(/canary|private/i);
    expect(others["create"]).toMatch(/^unset /);
  });

  test("judges what the run printed", async () => {
    await declareStack("test-dev-1");
    expect(registered.find(({ name }) => name === "test-verdict")?.inputs["stdin"]).toBe('{"verdict":"pass"}');
  });

  test("gives its machine and key as outputs, the key as a secret", async () => {
    const { machine, privateKey } = await declareStack("test-dev-1");
    expect(await valueOf(machine)).toMatchObject({ address: "127.1.2.3", hostKey: "ssh-ed25519 AAAA kmvm" });
    expect(await pulumi.isSecret(privateKey as pulumi.Output<string>)).toBe(true);
  });
});

test("a vm stack is a machine without a test", async () => {
  await declareStack("vm-dev-1");
  expect(ofType("kmvm:local:Machine")).toHaveLength(1);
  expect(ofType("command:local:Command")).toEqual([]);
});

test("an l0 stack is the image of the recipe", async () => {
  await declareStack("l0-dev-1");
  expect(ofType("kmvm:local:Image")[0]?.inputs).toMatchObject({ recipe: "L0-base" });
});

test.each([
  ["a wrong name", "tset-dev-1", {}, /kind "tset"/],
  ["wrong settings", "test-dev-1", { TARGET: "x" }, /target is "x"/],
])("%s registers nothing and is told without a stack trace", async (_what, name, environment, message) => {
  const failure = declareStack(name, environment);
  await expect(failure).rejects.toThrow(message);
  await expect(failure).rejects.toBeInstanceOf(pulumi.RunError);
  expect(registered).toEqual([]);
});

test("the profile in the name chooses the file of settings", () => {
  expect(parseStackName("test-ci-1").profile).toBe("ci");
});
