import { describe, expect, test } from "@jest/globals";
import type { MachineFacts } from "../../cli/gc-facts";
import { planGc } from "../../cli/gc-plan";
import { imageParameters } from "../../components/backends/aws/image-names";
import { galleryVersion } from "../../components/backends/azure/names";
import { parseStackName } from "../../stacks/name";
import { parseSettings } from "../../stacks/parse-settings";
import { declare } from "../support/declare";
import { playedOutputs } from "./played-providers";

/**
 * What was wrong with the scripts that kmvm replaces, one test each: the number is that of docs/TESTING.md.
 */

const backends = ["qemu", "aws", "azure"] as const;
const machines = /^(kmvm:local:Machine|aws:ec2\/instance:Instance|azure-native:compute:VirtualMachine)$/;

const parse = (environment: NodeJS.ProcessEnv, configuration: Record<string, string> = {}) =>
  parseSettings(parseStackName("test-ci-240"), {
    ...{ profile: "", root: "/checkout", isDirectory: () => true },
    ...{ environment, configuration },
  });

describe("defect 1: images that were made under one name and deleted under another", () => {
  const version = "20260101.1-abcdef012345";

  test("a version is published, found and removed on aws by one name", () => {
    const own = { parameterPrefix: "/kmvm/images" };
    expect(imageParameters.version(own, "L0-base", version)).toBe(
      `${imageParameters.versions(own, "L0-base")}/${version}`,
    );
  });

  test("what is published on azure has the name that a machine of that version asks for", async () => {
    const published = await declare("l0-ci-base", "azure");
    const made = published.ofType(/^kmvm:index:ImageVersion$/).map(({ inputs }) => inputs["version"]);
    expect(made).toEqual(
      published.ofType(/^kmvm:local:Image$/).map(() => playedOutputs["kmvm:local:Image"]?.["version"]),
    );
    const used = await declare("test-ci-240", "azure", { settings: { image: `L0-base@${version}` } });
    const number = galleryVersion(version) ?? "";
    expect(JSON.stringify(used.ofType(/VirtualMachine$/))).toContain(`/images/L0-base/versions/${number}"`);
  });
});

describe("defect 2: programs that looked for one image in different resource groups", () => {
  test("a machine is made of the version in the group that publishing is told", async () => {
    const { ofType } = await declare("test-ci-240", "azure");
    const image = JSON.stringify(ofType(/VirtualMachine$/)[0]?.inputs["storageProfile"]);
    expect(image).toContain("/resourceGroups/kmvm-images/providers/Microsoft.Compute/galleries/kmvm/images/L0-base/");
  });
});

describe("defect 3: the image that everyone uses deleted before the next one exists", () => {
  test("publishing registers nothing that moves the pointer", async () => {
    const { registered } = await declare("l0-ci-base", "aws");
    const names = registered.map(({ inputs }) => String(inputs["name"] ?? ""));
    expect(names.some((name) => name.includes("/versions/"))).toBe(true);
    expect(names.filter((name) => name.endsWith("/promoted"))).toEqual([]);
  });
});

describe("defect 4: an image built in one region, looked up in another, started in a third", () => {
  test("everything of a stack is in the one region of its settings", async () => {
    const aws = await declare("test-ci-240", "aws");
    expect(new Set(aws.ofType(/^pulumi:providers:aws$/).map(({ inputs }) => inputs["region"]))).toEqual(
      new Set(["us-west-2"]),
    );
    const azure = await declare("test-ci-240", "azure");
    const locations = azure.ofType(/^azure-native:/).flatMap(({ inputs }) => inputs["location"] ?? []);
    expect(new Set(locations)).toEqual(new Set(["westus2"]));
  });
});

describe("defect 5: machines that leaked when a job was skipped, and were reaped only if stopped for a week", () => {
  test.each(["running", "stopped", "half-made"] as const)("a machine without a stack that is %s is found", (state) => {
    const machine: MachineFacts = {
      ...{ backend: "aws", id: "i-1", stack: "test-ci-1", runId: "r", state, address: undefined, owner: "me@here" },
      ...{ imageVersion: "1", createdAt: "2026-01-01T00:00:00Z", expiresAt: "2099-01-01T00:00:00Z" },
      ...{ backendHash: "ours", makerGone: false },
    };
    const nothing = { stacks: [], remains: [], builds: [], files: [], processes: [] };
    const { findings } = planGc({ ...nothing, backendHash: "ours", machines: [machine] }, Date.now());
    expect(findings.map(({ action }) => action)).toEqual([{ kind: "destroy-machine", backend: "aws", id: "i-1" }]);
  });

  test.each(["aws", "azure"] as const)("a machine on %s ends when everything of ours is dead", async (backend) => {
    const { ofType } = await declare("test-ci-240", backend);
    expect(ofType(/^(aws:scheduler\/schedule:Schedule|azure-native:logic:Workflow)$/)).toHaveLength(1);
  });
});

describe("defect 6: what is missing noticed in the machine that is paid for", () => {
  test("every problem is told before anything is registered", () => {
    const { problems } = parse({ SP_APPID: "me", TARGET: "tset" });
    expect(problems.map(({ key }) => key).sort()).toEqual(["registryPassword", "target"]);
  });
});

describe("defect 7: a temporary resource group named by the image's version", () => {
  test.each(backends)("two runs of one tag on %s share no name", async (backend) => {
    const settings = { imageVersion: "ci-240" };
    const namesOf = async (runId: string) => {
      const { ofType } = await declare("test-ci-240", backend, { settings, runId });
      const keys = ["name", "resourceGroupName", "machineId", "groupName"];
      return ofType(/^(aws|azure-native|kmvm:local):/).flatMap(({ type, inputs }) =>
        keys.flatMap((key) => (typeof inputs[key] === "string" ? `${type} ${inputs[key]}` : [])),
      );
    };
    const [one, other] = [await namesOf("aaaaaaaa"), await namesOf("bbbbbbbb")];
    const shared = one.filter((name) => other.includes(name));
    // What lies inside a group of the run's own has a fixed name there.
    expect(shared.filter((name) => !/^azure-native:(network|compute|logic):/.test(name))).toEqual([]);
    expect(one.some((name) => name.includes("aaaaaaaa"))).toBe(true);
  });
});

describe("defect 8: secrets on command lines and in the environment of programs", () => {
  test.each(backends)("no command of a run on %s has one", async (backend) => {
    const settings = {
      githubToken: "CANARY-TOKEN",
      registry: "r.test",
      registryUsername: "u",
      registryPassword: "CANARY",
    };
    const { ofType } = await declare("test-ci-240", backend, { settings });
    const commands = ofType(/^command:/);
    expect(commands.length).toBeGreaterThan(0);
    for (const { inputs } of commands) {
      const { stdin: _secret, ...open } = inputs;
      expect(JSON.stringify(open)).not.toMatch(/CANARY|PRIVATE/);
    }
  });
});

describe("defect 9: /dev/kkm runs that waited for files that most targets ignore, and ran both clouds", () => {
  test("only /dev/kkm asks for the module's source", () => {
    expect(parse({}).problems).toEqual([]);
    expect(parse({ HYPERVISOR_DEVICE: "/dev/kkm" }).problems.map(({ key }) => key)).toEqual(["kkmSource"]);
  });

  test.each(backends)("a run for /dev/kkm on %s has one machine", async (backend) => {
    const { ofType } = await declare("test-ci-240", backend, {
      settings: { device: "/dev/kkm", kkmSource: "samples/km-hello" },
    });
    expect(ofType(machines)).toHaveLength(1);
  });
});

describe("defect 10: nothing kept of a failure, and logs by ssh only", () => {
  test.each(["aws", "azure"] as const)("the console of a machine on %s is asked of the cloud", async (backend) => {
    const { ofType } = await declare("test-ci-240", backend);
    const request = JSON.stringify(ofType(/^command:/).map(({ inputs }) => inputs["stdin"]));
    expect(request).toMatch(new RegExp(`console[\\\\":{]+backend[\\\\":]+${backend}`));
  });
});

describe("defect 11: a machine for each directory", () => {
  test.each(backends)("several directories share one on %s", async (backend) => {
    const settings = { directories: ["payloads/a", "payloads/b", "payloads/c"] };
    const { ofType } = await declare("test-ci-240", backend, { settings });
    expect(ofType(machines)).toHaveLength(1);
  });
});
