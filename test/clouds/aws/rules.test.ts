import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Context, ResourceType } from "../../../plugin/resource";
import type { Properties } from "../../../plugin/values";
import { rehearsed } from "../lib/rehearsed";
import { holdings, openAccount, type Account } from "./account";
import { subnets, vpcId } from "./facts";
import { faultError } from "./faults";
import { types } from "./types";

let account: Account;

beforeEach(() => {
  account = openAccount(mkdtempSync(join(tmpdir(), "kmvm-rules-")));
});

afterEach(() => {
  rmSync(account.store.folder, { recursive: true, force: true });
});

const context: Context = {
  log: () => undefined,
  status: () => undefined,
  signal: new AbortController().signal,
  urn: "urn:pulumi:dev::kmvm::x::run",
};

const group = "aws:ec2/securityGroup:SecurityGroup";
const ingress = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";
const instance = "aws:ec2/instance:Instance";
const schedule = "aws:scheduler/schedule:Schedule";
const parameter = "aws:ssm/parameter:Parameter";
const object = "aws:s3/bucketObjectv2:BucketObjectv2";
const snapshot = "aws:ebs/snapshotImport:SnapshotImport";
const ami = "aws:ec2/ami:Ami";
const template = "aws:ec2/launchTemplate:LaunchTemplate";

function typeOf(token: string): ResourceType {
  const type = types(account)[token];
  if (!type) throw new Error(`no ${token}`);
  return rehearsed(token, type, { store: account.store, faultError });
}

/** What the provider's check says of inputs. */
async function complaints(token: string, inputs: Properties): Promise<string> {
  const { failures } = await typeOf(token).check(inputs, {});
  return failures.map(({ reason }) => reason).join("; ");
}

/** Checks and creates. */
async function make(token: string, inputs: Properties): Promise<string> {
  const type = typeOf(token);
  const completed = type.complete?.(inputs, {}, context.urn) ?? inputs;
  const { failures } = await type.check(completed, {});
  if (failures.length > 0) throw new Error(failures.map(({ reason }) => reason).join("; "));
  return (await type.create(completed, context)).id;
}

const rule = (securityGroupId: string, cidrIpv4: string): Properties => ({
  ...{ securityGroupId, cidrIpv4, ipProtocol: "tcp", fromPort: 22, toPort: 22 },
});

describe("every type", () => {
  test("refuses a property that the provider does not have", async () => {
    for (const token of Object.keys(types(account)))
      expect(await complaints(token, { nosuch: 1 })).toContain('unexpected property "nosuch"');
  });

  test("refuses one inside of an object, too", async () => {
    expect(await complaints(instance, { rootBlockDevice: { size: 1 } })).toContain("rootBlockDevice.size");
  });

  test.each([
    [instance, "ami"],
    [ingress, "securityGroupId"],
    [schedule, "scheduleExpression"],
    [parameter, "type"],
    [object, "bucket"],
    [snapshot, "diskContainer"],
  ])("%s needs %s", async (token, name) => {
    expect(await complaints(token, {})).toContain(`missing required property "${name}"`);
  });

  test("is given a name of its own where the program gives none, and keeps it", () => {
    const { complete } = typeOf(group);
    expect(complete?.({}, {}, context.urn)["name"]).toMatch(/^run-[0-9a-f]{7}$/);
    expect(complete?.({}, { name: "run-1234567" }, context.urn)["name"]).toBe("run-1234567");
  });

  test("takes no tag that begins with aws:, and no more than 50", async () => {
    await expect(make(group, { tags: { "aws:x": "" } })).rejects.toThrow(/InvalidParameterValue/);
    const many = Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`t${index}`, ""]));
    await expect(make(group, { tags: many })).rejects.toThrow(/TagLimitExceeded/);
  });
});

describe("a security group", () => {
  test("has a name of allowed characters that does not begin with sg-", async () => {
    expect(await complaints(group, { name: "grün" })).toContain("name");
    expect(await complaints(group, { name: "sg-1" })).toContain("cannot begin with sg-");
  });

  test("is the only one of its name in its VPC", async () => {
    await make(group, { name: "run" });
    await expect(make(group, { name: "run" })).rejects.toThrow(/InvalidGroup.Duplicate/);
  });

  test("cannot be in a VPC that does not exist", async () => {
    await expect(make(group, { vpcId: "vpc-00000000" })).rejects.toThrow(/InvalidVpcID.NotFound/);
    await expect(make(group, { vpcId })).resolves.toMatch(/^sg-/);
  });

  test("is replaced for another name or description, not for other tags", async () => {
    const diff = typeOf(group).diff;
    expect(diff?.({ description: "a" }, { description: "b" }, {}).replaces).toEqual(["description"]);
    expect(diff?.({ tags: { a: "1" } }, { tags: { a: "2" } }, {})).toMatchObject({ replaces: [], updates: ["tags"] });
  });

  test("cannot be deleted while a network interface is in it", async () => {
    const id = await make(group, {});
    account.store.put("network-interface", { ...{ id: "eni-1", groups: [id] } });
    await expect(typeOf(group).delete?.(id, {}, context)).rejects.toThrow(/DependencyViolation/);
    account.store.remove("network-interface", "eni-1");
    await typeOf(group).delete?.(id, {}, context);
    expect(holdings(account)).toEqual([]);
  });
});

describe("a rule of a security group", () => {
  test.each(["203.0.113.7", "203.0.113.7/24", "203.0.113.300/32", "203.0.113.0/33"])(
    "does not take %s",
    async (cidr) => {
      expect(await complaints(ingress, rule("sg-1", cidr))).toContain("canonical network");
    },
  );

  test("needs ports for TCP, and takes none for all protocols", async () => {
    const { fromPort: _, ...without } = rule("sg-1", "203.0.113.7/32");
    expect(await complaints(ingress, without)).toContain("fromPort");
    expect(await complaints(ingress, { ...rule("sg-1", "203.0.113.7/32"), ipProtocol: "-1" })).toContain("no ports");
  });

  test("is of a group that exists, and there only once", async () => {
    await expect(make(ingress, rule("sg-1", "203.0.113.7/32"))).rejects.toThrow(/InvalidGroup.NotFound/);
    const id = await make(group, {});
    await make(ingress, rule(id, "203.0.113.7/32"));
    await expect(make(ingress, rule(id, "203.0.113.7/32"))).rejects.toThrow(/InvalidPermission.Duplicate/);
  });

  test("is the sixtieth at most", async () => {
    const id = await make(group, {});
    for (let index = 0; index < 60; index++) await make(ingress, rule(id, `203.0.113.${index}/32`));
    await expect(make(ingress, rule(id, "203.0.113.60/32"))).rejects.toThrow(/RulesPerSecurityGroupLimitExceeded/);
  });
});

describe("a schedule", () => {
  const roleArn = "arn:aws:iam::123456789012:role/kmvm-scheduler";
  const inputs = (changes: Properties = {}): Properties => ({
    scheduleExpression: "at(2030-01-01T00:00:00)",
    flexibleTimeWindow: { mode: "OFF" },
    target: {
      arn: "arn:aws:scheduler:::aws-sdk:ec2:terminateInstances",
      roleArn,
      input: JSON.stringify({ InstanceIds: ["i-0123456789abcdef0"] }),
    },
    ...changes,
  });

  test.each(["at(2030-01-01T00:00:00Z)", "at(2030-01-01)", "2030-01-01T00:00:00"])("does not take %s", async (text) => {
    expect(await complaints(schedule, inputs({ scheduleExpression: text }))).toContain("scheduleExpression");
  });

  test("takes no window with the mode OFF", async () => {
    const flexibleTimeWindow = { mode: "OFF", maximumWindowInMinutes: 5 };
    expect(await complaints(schedule, inputs({ flexibleTimeWindow }))).toContain("not with the mode OFF");
  });

  test("needs a role that exists, instances by their ids, and a name that is free", async () => {
    await expect(make(schedule, inputs())).rejects.toThrow(/execution role/);
    account.store.put("role", { id: roleArn });
    const target = { ...(inputs()["target"] as Properties), input: '{"instanceIds":["i-1"]}' };
    await expect(make(schedule, inputs({ target }))).rejects.toThrow(/ValidationException/);
    await make(schedule, inputs({ name: "run" }));
    await expect(make(schedule, inputs({ name: "run" }))).rejects.toThrow(/ConflictException/);
  });
});

describe("a parameter", () => {
  const inputs = (name: string, value = "v"): Properties => ({ name, value, type: "String" });

  test.each(["/aws/x", "ssm-x", "a/b", "/a b"])("is not named %s", async (name) => {
    expect(await complaints(parameter, inputs(name))).toContain("name");
  });

  test("is not made twice, unless it says so; its versions count", async () => {
    await make(parameter, inputs("/x/y"));
    await expect(make(parameter, inputs("/x/y"))).rejects.toThrow(/ParameterAlreadyExists/);
    await make(parameter, { ...inputs("/x/y", "w"), overwrite: true });
    expect(account.store.get("parameter", "/x/y")).toMatchObject({ version: 2, value: "w", history: ["v", "w"] });
  });

  test("of an image holds one that exists", async () => {
    const image = { ...inputs("/x", "ami-0123456789abcdef0"), dataType: "aws:ec2:image" };
    await expect(make(parameter, image)).rejects.toThrow(/not a valid AMI/);
  });
});

describe("an image", () => {
  const inputs = (changes: Properties = {}): Properties => ({
    name: "L0-base-1",
    architecture: "x86_64",
    bootMode: "uefi",
    enaSupport: true,
    virtualizationType: "hvm",
    rootDeviceName: "/dev/sda1",
    ebsBlockDevices: [{ deviceName: "/dev/sda1", snapshotId: "snap-1", volumeType: "gp3" }],
    ...changes,
  });
  const giveSnapshot = () => {
    const disk = { path: "/dev/null", format: "raw" };
    account.store.put("snapshot", { ...{ id: "snap-1", disk, sizeGiB: 4, tags: {} } });
  };

  test("has a root device among its devices, a network card that Nitro has, and a name of 3 to 128", async () => {
    expect(await complaints(ami, inputs({ rootDeviceName: "/dev/xvda" }))).toContain("no block device");
    expect(await complaints(ami, inputs({ enaSupport: false }))).toContain("Nitro");
    expect(await complaints(ami, inputs({ name: "a" }))).toContain("name");
    expect(await complaints(ami, inputs({ name: "L0:base" }))).toContain("name");
  });

  test("is of a snapshot that exists, which says whether it is encrypted, and has its name alone", async () => {
    await expect(make(ami, inputs())).rejects.toThrow(/InvalidSnapshot.NotFound/);
    giveSnapshot();
    const [device] = inputs()["ebsBlockDevices"] as Properties[];
    await expect(make(ami, inputs({ ebsBlockDevices: [{ ...device, encrypted: true }] }))).rejects.toThrow(/encrypted/);
    await make(ami, inputs());
    await expect(make(ami, inputs())).rejects.toThrow(/InvalidAMIName.Duplicate/);
  });

  test("keeps its snapshot from being deleted", async () => {
    giveSnapshot();
    const id = await make(ami, inputs());
    await expect(typeOf(snapshot).delete?.("snap-1", {}, context)).rejects.toThrow(/InvalidSnapshot.InUse/);
    await typeOf(ami).delete?.(id, {}, context);
    await typeOf(snapshot).delete?.("snap-1", {}, context);
    expect(holdings(account)).toEqual([]);
  });
});

describe("a launch template", () => {
  test("tags what can be tagged, and has its name alone", async () => {
    const strange = { tagSpecifications: [{ resourceType: "vpc", tags: {} }] };
    expect(await complaints(template, strange)).toContain("network-interface");
    await make(template, { name: "run" });
    await expect(make(template, { name: "run" })).rejects.toThrow(/AlreadyExists/);
  });
});

describe("functions", () => {
  test("there is a default subnet in each zone", () => {
    expect(new Set(subnets.map(({ zone }) => zone)).size).toBe(3);
  });
});
