import { beforeEach, describe, expect, test } from "@jest/globals";
import * as pulumi from "@pulumi/pulumi";
import { parseStackName } from "../../stacks/name";
import { program } from "../../stacks/program";

/** Key that the engine's protocol marks a special value with, here a secret one. */
const secretMark = "4dabf18193072939515e22adb298388d";

interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
}

let registered: Registered[];

/** What the kmvm plugin would add to the inputs. */
const outputs: Record<string, Record<string, unknown>> = {
  "kmvm:index:SshKey": { publicKey: "ssh-ed25519 AAAA", privateKey: "private", fingerprint: "SHA256:x" },
  "kmvm:index:Run": {
    runId: "r1",
    createdAt: "2026-01-01T00:00:00Z",
    expiresAt: "2026-01-01T04:00:00Z",
    owner: "me@here",
  },
  "kmvm:local:Machine": {
    address: "127.1.2.3",
    port: 2222,
    user: "kmvm",
    imageVersion: "1",
    accelerator: "tcg",
    folder: "/m",
    consolePath: "/m/console.log",
  },
  "kmvm:local:Image": { version: "20260101.1-abc" },
  "command:local:Command": { stdout: '{"verdict":"pass"}', stderr: "" },
};

async function declare(stack: string, environment: NodeJS.ProcessEnv = {}): Promise<Record<string, unknown>> {
  registered = [];
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => {
        registered.push({ type, name, inputs: inputs as Record<string, unknown> });
        return { id: `${name}-id`, state: { ...(inputs as object), ...outputs[type] } };
      },
      call: ({ inputs }) => inputs as Record<string, unknown>,
    },
    "kmvm",
    stack,
    false,
  );
  const declared = await program(environment);
  // Everything that is registered hangs on an output in the end; a late child would be missed otherwise.
  await pulumi.runtime.disconnect();
  return declared;
}

const ofType = (type: string) => registered.filter((resource) => resource.type === type);

beforeEach(() => {
  pulumi.runtime.setAllConfig({});
});

describe("a test stack", () => {
  test("is one run, two keys, one machine, one test and one verdict", async () => {
    await declare("test-dev-1");
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
    await declare("test-dev-1", { PULUMI_BACKEND_URL: "file:///state" });
    const machine = ofType("kmvm:local:Machine")[0]?.inputs;
    expect(machine).toMatchObject({
      machineId: "test-dev-1-r1",
      image: "L0-base",
      expiresAt: "2026-01-01T04:00:00Z",
      tags: { project: "kmvm", stack: "test-dev-1", runId: "r1", owner: "me@here" },
    });
    expect(machine?.["tags"]).toHaveProperty("backendHash", expect.stringMatching(/^[0-9a-f]{12}$/));
  });

  test("hands the runner everything by a secret standard input, nothing by argument or environment", async () => {
    await declare("test-dev-1", { GITHUB_TOKEN: "canary" });
    const kmTest = registered.find(({ name }) => name === "test-km-test")?.inputs;
    const { value, ...mark } = kmTest?.["stdin"] as { value: string };
    expect(Object.keys(mark)).toEqual([secretMark]);
    const request = JSON.parse(value) as Record<string, unknown>;
    expect(request).toMatchObject({
      stack: "test-dev-1",
      runId: "r1",
      githubToken: "canary",
      machine: { privateKey: "private" },
    });
    const { stdin: _stdin, ...others } = kmTest ?? {};
    expect(JSON.stringify(others)).not.toMatch(/canary|private/);
    expect(others["create"]).toMatch(/^unset /);
  });

  test("judges what the run printed", async () => {
    await declare("test-dev-1");
    expect(registered.find(({ name }) => name === "test-verdict")?.inputs["stdin"]).toBe('{"verdict":"pass"}');
  });

  test("gives its machine and key as outputs, the key as a secret", async () => {
    const { machine, privateKey } = await declare("test-dev-1");
    const known = pulumi.output(machine) as pulumi.Output<Record<string, unknown>>;
    await new Promise<void>((resolve) =>
      known.apply((value) => {
        expect(value).toMatchObject({ address: "127.1.2.3", hostKey: "ssh-ed25519 AAAA" });
        resolve();
      }),
    );
    expect(await pulumi.isSecret(privateKey as pulumi.Output<string>)).toBe(true);
  });
});

test("a vm stack is a machine without a test", async () => {
  await declare("vm-dev-1");
  expect(ofType("kmvm:local:Machine")).toHaveLength(1);
  expect(ofType("command:local:Command")).toEqual([]);
});

test("an l0 stack is the image of the recipe", async () => {
  await declare("l0-dev-1");
  expect(ofType("kmvm:local:Image")[0]?.inputs).toMatchObject({ recipe: "L0-base" });
});

test.each([
  ["a wrong name", "tset-dev-1", {}, /kind "tset"/],
  ["wrong settings", "test-dev-1", { TARGET: "x" }, /target is "x"/],
])("%s registers nothing and is told without a stack trace", async (_what, name, environment, message) => {
  const failure = declare(name, environment);
  await expect(failure).rejects.toThrow(message);
  await expect(failure).rejects.toBeInstanceOf(pulumi.RunError);
  expect(registered).toEqual([]);
});

test("the profile in the name chooses the file of settings", () => {
  expect(parseStackName("test-ci-1").profile).toBe("ci");
});
