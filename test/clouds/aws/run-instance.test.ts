import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { holdings, openAccount, type Account } from "./account";
import { callerAddress, isIn } from "../lib/networks";
import { admitsSsh } from "./firewall";
import { instances, type Instance } from "./instance-model";
import { parametersOf } from "./instance";
import { finish, terminateInstance } from "./instance-power";
import { runInstance } from "./run-instance";
import type { Properties } from "../../../plugin/values";

let account: Account;

beforeEach(() => {
  account = openAccount(mkdtempSync(join(tmpdir(), "kmvm-run-")));
  const { store } = account;
  const snapshotId = "snap-0123456789abcdef0";
  const disk = { path: "/dev/null", format: "raw" };
  store.put("snapshot", { ...{ id: snapshotId, disk, sizeGiB: 4, tags: {} } });
  store.put("image", { ...{ id: "ami-0123456789abcdef0", name: "L0", snapshotId, bootMode: "uefi", tags: {} } });
});

afterEach(() => {
  rmSync(account.store.folder, { recursive: true, force: true });
});

const run = (changes: Properties = {}): Instance =>
  runInstance(
    account,
    parametersOf({
      ami: "ami-0123456789abcdef0",
      instanceType: "m8i.large",
      instanceInitiatedShutdownBehavior: "terminate",
      ...changes,
    }),
  );

const codeOf = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return (error as { code?: string }).code;
  }
  return undefined;
};

const nested = { cpuOptions: { nestedVirtualization: "enabled" } };
const spot = { instanceMarketOptions: { marketType: "spot" } };

describe("RunInstances refuses", () => {
  test.each<[string, Properties, string]>([
    ["an image's id of another form", { ami: "L0-base" }, "InvalidAMIID.Malformed"],
    ["an image that does not exist", { ami: "ami-00000000000000000" }, "InvalidAMIID.NotFound"],
    ["a type that does not exist", { instanceType: "m99.large" }, "InvalidParameterValue"],
    ["nested virtualisation on a type without", { instanceType: "m7i.large", ...nested }, "UnsupportedOperation"],
    ["nested virtualisation on Spot", { ...nested, ...spot }, "UnsupportedOperation"],
    ["a subnet that does not exist", { subnetId: "subnet-00000000" }, "InvalidSubnetID.NotFound"],
    ["a zone that does not exist", { availabilityZone: "us-west-2x" }, "InvalidParameterValue"],
    ["a group that does not exist", { vpcSecurityGroupIds: ["sg-00000000"] }, "InvalidGroup.NotFound"],
    ["a volume smaller than its snapshot", { rootBlockDevice: { volumeSize: 3 } }, "InvalidBlockDeviceMapping"],
    ["more than 16 KB of user data", { userData: "x".repeat(16385) }, "InvalidParameterValue"],
    ["bare metal, which does not boot by UEFI", { instanceType: "m5.metal" }, "InvalidParameterCombination"],
    ["a launch template that does not exist", { launchTemplate: { id: "lt-0" } }, "InvalidLaunchTemplateId.NotFound"],
  ])("%s, and makes nothing", (_, changes, code) => {
    const before = holdings(account);
    expect(codeOf(() => run(changes))).toBe(code);
    expect(holdings(account)).toEqual(before);
  });

  test("more vCPU than the quota, on demand or as Spot", () => {
    for (const id of ["L-1216C47A", "L-34B43A08"]) account.store.put("quota", { id, value: 1 });
    expect(codeOf(() => run())).toBe("VcpuLimitExceeded");
    expect(codeOf(() => run({ instanceType: "m7i.large", ...spot }))).toBe("MaxSpotInstanceCountExceeded");
  });

  test("a type that its zone has none left of", () => {
    account.store.put("exhausted", { id: "m8i.large us-west-2a" });
    expect(codeOf(() => run({ availabilityZone: "us-west-2a" }))).toBe("InsufficientInstanceCapacity");
    expect(run({ availabilityZone: "us-west-2b" }).zone).toBe("us-west-2b");
  });
});

describe("an instance", () => {
  test("comes with a volume and a network interface, and takes them with it", async () => {
    const { id } = run();
    expect(holdings(account).map((one) => one.split(" ")[0])).toEqual([
      ...["image", "instance", "network-interface", "snapshot", "volume"],
    ]);
    await terminateInstance(account, id, "asked");
    expect(holdings(account).map((one) => one.split(" ")[0])).toEqual(["image", "snapshot"]);
    expect(account.store.get<Instance>(instances, id)?.state).toBe("terminated");
  });

  test("leaves a volume that is not to go with it", async () => {
    await terminateInstance(account, run({ rootBlockDevice: { deleteOnTermination: false } }).id, "asked");
    expect(holdings(account)).toContainEqual(expect.stringMatching(/^volume /));
  });

  test.each(["stop", "terminate"])("that switches itself off does what it was told: %s", (behavior) => {
    const { id } = run({ instanceInitiatedShutdownBehavior: behavior });
    finish(account, id);
    expect(account.store.get<Instance>(instances, id)?.state).toBe(behavior === "stop" ? "stopped" : "terminated");
  });

  test("does what its launch template says, where it says nothing itself", () => {
    const template = { id: "lt-1", name: "run", version: 1, shutdownBehavior: "terminate", tagSpecifications: [] };
    account.store.put("launch-template", template);
    const { id } = run({ instanceInitiatedShutdownBehavior: undefined, launchTemplate: { id: "lt-1", version: "1" } });
    finish(account, id);
    expect(account.store.get<Instance>(instances, id)?.state).toBe("terminated");
  });

  test("has the tags of its launch template on its network interface", () => {
    const tagSpecifications = [{ resourceType: "network-interface", tags: { a: "b" } }];
    account.store.put("launch-template", { ...{ id: "lt-1", name: "run", version: 1, tagSpecifications, tags: {} } });
    const { networkInterfaceId } = run({ launchTemplate: { id: "lt-1", version: "1" } });
    expect(account.store.get("network-interface", networkInterfaceId)).toMatchObject({ tags: { a: "b" } });
  });
});

describe("port 22 of an instance", () => {
  test.each([
    ["203.0.113.7/32", true],
    ["203.0.113.8/32", false],
    ["0.0.0.0/0", true],
    ["203.0.112.0/23", true],
  ])("%s lets %s in", (cidr, expected) => {
    expect(isIn(callerAddress, cidr)).toBe(expected);
  });

  test("is closed until a rule of one of its groups opens it", () => {
    account.store.put("security-group", { ...{ id: "sg-1", name: "run", vpcId: "vpc-0a1b2c3d4e5f60718", tags: {} } });
    const instance = run({ vpcSecurityGroupIds: ["sg-1"] });
    const rule = { direction: "ingress", ipProtocol: "tcp", fromPort: 22, toPort: 22, cidrIpv4: `${callerAddress}/32` };
    account.store.put("security-group-rule", { ...{ id: "sgr-1", ...rule, securityGroupId: "sg-2" } });
    expect(admitsSsh(account, instance)).toBe(false);
    account.store.put("security-group-rule", {
      ...{ id: "sgr-2", ...rule, securityGroupId: "sg-1", fromPort: 80, toPort: 80 },
    });
    expect(admitsSsh(account, instance)).toBe(false);
    account.store.put("security-group-rule", { ...{ id: "sgr-3", ...rule, securityGroupId: "sg-1" } });
    expect(admitsSsh(account, instance)).toBe(true);
  });
});
