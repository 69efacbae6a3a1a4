import { beforeEach, describe, expect, test } from "@jest/globals";
import * as pulumi from "@pulumi/pulumi";
import { signatureKey } from "../../plugin/secrets";
import { declare, valueOf, type Declared } from "../support/declare";

let declared: Declared;

const parameters: Record<string, string> = {
  "/kmvm/images/L0-base/promoted": "20260101.1-abc",
  "/kmvm/images/L0-base/versions/20260101.1-abc": "ami-0000000000000000a",
  "/kmvm/images/L0-base/versions/20251231.1-def": "ami-0000000000000000b",
};

const own = {
  region: "us-west-2",
  scheduleRoleArn: "arn:aws:iam::123456789012:role/kmvm-expiry",
  bucket: "publishing",
};

const declareAws = async (
  stack: string,
  settings: Record<string, string> = {},
  aws: object = {},
  pinned?: string,
): Promise<Declared> =>
  (declared = await declare(stack, "aws", {
    settings: { aws: { ...own, ...aws }, ...settings },
    answers: { "aws:ssm/getParameter:getParameter": ({ name }) => ({ name, value: parameters[String(name)] }) },
    ...(pinned === undefined ? {} : { pinned }),
  }));

const ofType = (type: string) =>
  declared.registered.filter((resource) => resource.type === type).map(({ inputs }) => inputs);
const one = (type: string) => {
  const [inputs, ...more] = ofType(type);
  if (!inputs || more.length > 0) throw new Error(`${ofType(type).length} of ${type}`);
  return inputs;
};
const instance = () => one("aws:ec2/instance:Instance");
const shown = (value: unknown) => JSON.stringify(value);

const tags = {
  "kmvm-project": "kmvm",
  "kmvm-stack": "test-ci-240",
  "kmvm-run": "ab12cd34",
  "kmvm-created": "2026-01-01T00:00:00.000Z",
  "kmvm-expires": "2026-01-01T04:00:00.000Z",
  "kmvm-owner": "me@here",
  "kmvm-backend": expect.stringMatching(/^[0-9a-f]{12}$/),
  Name: "test-ci-240-ab12cd34",
};

beforeEach(() => {
  pulumi.runtime.setAllConfig({});
});

describe("a test stack on AWS", () => {
  beforeEach(() => declareAws("test-ci-240"));

  test("is a run, two keys, the caller's address, one machine with what is its own, one test and one verdict", () => {
    expect(declared.registered.map(({ type, name }) => `${type} ${name}`).sort()).toEqual([
      "aws:ec2/instance:Instance test-machine-instance",
      "aws:ec2/launchTemplate:LaunchTemplate test-machine-template",
      "aws:ec2/securityGroup:SecurityGroup test-machine-group",
      "aws:scheduler/schedule:Schedule test-machine-expiry",
      "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule test-machine-out-443",
      "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule test-machine-out-80",
      "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule test-machine-ssh",
      "command:local:Command test-km-test",
      "command:local:Command test-verdict",
      "kmvm:aws:Machine test-machine",
      "kmvm:index:CallerAddress test-machine-caller",
      "kmvm:index:Pinned test-machine-image",
      "kmvm:index:Run test-run",
      "kmvm:index:SshKey test-host-key",
      "kmvm:index:SshKey test-user-key",
      "kmvm:index:TestRun test",
      "kmvm:index:TestVm test",
      "pulumi:providers:aws test-machine-aws",
      "pulumi:providers:command test-command",
    ]);
  });

  test("opens nothing to the world: one way in, ssh from one address", () => {
    const rules = ofType("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule");
    expect(rules).toEqual([
      expect.objectContaining({ cidrIpv4: "198.51.100.7/32", ipProtocol: "tcp", fromPort: 22, toPort: 22 }),
    ]);
    const group = one("aws:ec2/securityGroup:SecurityGroup");
    expect(group).not.toHaveProperty("ingress");
    expect(group).not.toHaveProperty("egress");
    expect(instance()["vpcSecurityGroupIds"]).toEqual(["test-machine-group-id"]);
  });

  test("says explicitly what goes out", () => {
    const rules = ofType("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule");
    expect(rules.map(({ fromPort, toPort, ipProtocol }) => [ipProtocol, fromPort, toPort])).toEqual([
      ["tcp", 80, 80],
      ["tcp", 443, 443],
    ]);
  });

  test("tags everything that can be tagged, in the call that makes it", () => {
    const taggable = declared.registered.filter(
      ({ type }) => type.startsWith("aws:") && !type.startsWith("aws:scheduler"),
    );
    expect(taggable.length).toBeGreaterThan(4);
    for (const { type, inputs } of taggable)
      expect([type, inputs["tags"]]).toEqual([type, expect.objectContaining(tags)]);
    expect(instance()["volumeTags"]).toEqual(tags);
    expect(one("aws:ec2/launchTemplate:LaunchTemplate")["tagSpecifications"]).toEqual([
      { resourceType: "network-interface", tags },
    ]);
    expect(instance()["launchTemplate"]).toEqual({ id: "test-machine-template-id", version: "1" });
  });

  test("ends at its expiry, whatever else is dead", () => {
    const schedule = one("aws:scheduler/schedule:Schedule");
    expect(schedule).toMatchObject({
      name: "kmvm-test-ci-240-ab12cd34",
      scheduleExpression: "at(2026-01-01T04:00:00)",
      scheduleExpressionTimezone: "UTC",
      flexibleTimeWindow: { mode: "OFF" },
      actionAfterCompletion: "DELETE",
      target: {
        arn: "arn:aws:scheduler:::aws-sdk:ec2:terminateInstances",
        roleArn: own.scheduleRoleArn,
        input: '{"InstanceIds":["test-machine-instance-id"]}',
      },
    });
    expect(schedule["description"]).toContain('"kmvm-run":"ab12cd34"');
    expect(one("aws:ec2/launchTemplate:LaunchTemplate")["instanceInitiatedShutdownBehavior"]).toBe("terminate");
    expect(shown(instance()["userData"])).toContain("kmvm-expiry.timer");
    expect(shown(instance()["userData"])).toContain("NTP=169.254.169.123");
  });

  test("has an encrypted disk that goes with it, tokens for its metadata, and no profile", () => {
    expect(instance()).toMatchObject({
      rootBlockDevice: { volumeType: "gp3", volumeSize: 20, encrypted: true, deleteOnTermination: true },
      metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 1, httpEndpoint: "enabled" },
    });
    expect(instance()).not.toHaveProperty("iamInstanceProfile");
    expect(instance()).not.toHaveProperty("keyName");
  });

  test("has a size by the settings, with nested virtualisation", () => {
    expect(instance()).toMatchObject({
      instanceType: "c8i-flex.large",
      cpuOptions: { nestedVirtualization: "enabled" },
      userDataReplaceOnChange: true,
    });
    expect(instance()).not.toHaveProperty("instanceMarketOptions");
    expect(instance()).not.toHaveProperty("availabilityZone");
  });

  test("is made of the promoted image as it is now, and says which", () => {
    expect(instance()).toMatchObject({
      ami: "ami-0000000000000000a",
      tags: { ...tags, "kmvm-image-version": "20260101.1-abc" },
    });
    expect(declared.invoked.map(({ inputs }) => inputs["name"])).toEqual([
      "/kmvm/images/L0-base/promoted",
      "/kmvm/images/L0-base/versions/20260101.1-abc",
    ]);
  });

  test("gives user data as a secret, and no other secret in it than its own host key", () => {
    const { value, ...mark } = instance()["userData"] as { value: string };
    expect(Object.keys(mark)).toEqual([signatureKey]);
    expect(value.match(/CANARY-PRIVATE-KEY/g)).toHaveLength(1);
    expect(value).toContain("ssh_deletekeys: true");
    const others = declared.registered
      .filter(({ type }) => type.startsWith("aws:"))
      .map(({ inputs }) => ({ ...inputs, userData: "" }));
    expect(shown(others)).not.toContain("PRIVATE-KEY");
  });

  test("makes every resource in the region of its settings", () => {
    expect(one("pulumi:providers:aws")["region"]).toBe("us-west-2");
    for (const { type, provider } of declared.registered.filter((resource) => resource.type.startsWith("aws:")))
      expect([type, provider]).toEqual([type, expect.stringContaining("test-machine-aws")]);
  });
});

test("no secret of the settings reaches anything of AWS", async () => {
  await declareAws("test-ci-240", {
    registry: "r.example.org",
    registryUsername: "robot",
    registryPassword: "canary-1",
    githubToken: "canary-2",
  });
  expect(shown(declared.registered.filter(({ type }) => /^(aws|pulumi:providers:aws)/.test(type)))).not.toMatch(
    /canary/,
  );
});

test("a machine whose image was chosen stays with it, whatever is promoted by now", async () => {
  const chosen = "20251231.1-def ami-0000000000000000b";
  const { machine } = (await declareAws("vm-dev-1", {}, {}, chosen)).exports;
  expect(one("kmvm:index:Pinned")).toEqual({ subject: "L0-base", current: "20260101.1-abc ami-0000000000000000a" });
  expect(instance()).toMatchObject({
    ami: "ami-0000000000000000b",
    tags: { "kmvm-image-version": "20251231.1-def" },
  });
  expect(await valueOf(machine)).toMatchObject({
    imageVersion: "20251231.1-def",
  });
});

test("a given version of the image is not looked up by the pointer", async () => {
  await declareAws("test-ci-240", { image: "L0-base@20251231.1-def" });
  expect(instance()["ami"]).toBe("ami-0000000000000000b");
  expect(declared.invoked.map(({ inputs }) => inputs["name"])).toEqual([
    "/kmvm/images/L0-base/versions/20251231.1-def",
  ]);
});

test("a given caller is not looked up", async () => {
  await declareAws("test-ci-240", { callerCidr: "192.0.2.1/32" });
  expect(ofType("kmvm:index:CallerAddress")).toEqual([]);
  expect(one("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")["cidrIpv4"]).toBe("192.0.2.1/32");
});

test("a spot machine is asked for once, ends when it is taken away, and its request is tagged", async () => {
  await declareAws("test-ci-240", { spot: "true" });
  expect(instance()["instanceMarketOptions"]).toEqual({
    marketType: "spot",
    spotOptions: { spotInstanceType: "one-time", instanceInterruptionBehavior: "terminate" },
  });
  expect(one("aws:ec2/launchTemplate:LaunchTemplate")["tagSpecifications"]).toContainEqual({
    resourceType: "spot-instances-request",
    tags,
  });
});

test("with zones the first is taken; with a subnet its network, and a public address", async () => {
  await declareAws("test-ci-240", {}, { zones: ["us-west-2b", "us-west-2a"] });
  expect(instance()["availabilityZone"]).toBe("us-west-2b");
  await declareAws("test-ci-240", { zone: "us-west-2c" }, { zones: ["us-west-2b"] });
  expect(instance()["availabilityZone"]).toBe("us-west-2c");
  await declareAws("test-ci-240", {}, { subnetId: "subnet-01234567" });
  expect(instance()).toMatchObject({ subnetId: "subnet-01234567", associatePublicIpAddress: true });
  expect(one("aws:ec2/securityGroup:SecurityGroup")["vpcId"]).toBe("vpc-1");
});

test("a machine has a profile where a registry needs it, and may reach its port", async () => {
  await declareAws("test-ci-240", { registry: "r.example.org:5000" }, { instanceProfile: "pulls" });
  expect(instance()["iamInstanceProfile"]).toBe("pulls");
  expect(ofType("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule").map(({ toPort }) => toPort)).toContain(5000);
});

test("a vm stack is a machine without a test, and says how its console is read and what it costs as", async () => {
  const { machine } = (await declareAws("vm-dev-1")).exports;
  expect(ofType("command:local:Command")).toEqual([]);
  expect(await valueOf(machine)).toMatchObject({
    id: "vm-machine-instance-id",
    address: "203.0.113.9",
    port: 22,
    user: "kmvm",
  });
});

describe("an image", () => {
  const imageTags = {
    "kmvm-project": "kmvm",
    "kmvm-backend": expect.stringMatching(/^[0-9a-f]{12}$/),
    "kmvm-stack": "l0-ci-1",
    "kmvm-image": "L0-base",
    "kmvm-image-version": "20260101.1-abc",
    "kmvm-image-parameters": "/kmvm/images",
    Name: "L0-base-20260101.1-abc",
  };

  test("is published as a private, encrypted candidate, found by its version; nothing promotes it", async () => {
    await declareAws("l0-ci-1");
    const key = "kmvm/L0-base/20260101.1-abc.vmdk";
    expect(one("aws:s3/bucketObjectv2:BucketObjectv2")).toMatchObject({
      bucket: "publishing",
      key,
    });
    const { source } = one("aws:s3/bucketObjectv2:BucketObjectv2") as { source: pulumi.asset.FileAsset };
    expect(await source.path).toBe("/images/L0-base/20260101.1-abc/disk.vmdk");
    expect(one("aws:ebs/snapshotImport:SnapshotImport")).toMatchObject({
      diskContainer: { format: "VMDK", userBucket: { s3Bucket: "publishing", s3Key: key } },
      encrypted: true,
    });
    expect(one("aws:ec2/ami:Ami")).toMatchObject({
      architecture: "x86_64",
      bootMode: "uefi",
      enaSupport: true,
      imdsSupport: "v2.0",
      rootDeviceName: "/dev/sda1",
      ebsBlockDevices: [{ deviceName: "/dev/sda1", volumeType: "gp3", deleteOnTermination: true }],
    });
    expect(one("aws:ssm/parameter:Parameter")).toMatchObject({
      name: "/kmvm/images/L0-base/versions/20260101.1-abc",
      dataType: "aws:ec2:image",
      // The provider takes the value of any parameter for a secret.
      value: { [signatureKey]: expect.anything(), value: "l0-image-ami-id" },
    });
    const made = declared.registered.filter(({ type }) => type.startsWith("aws:"));
    expect(made).toHaveLength(4);
    // The parameter has none: they would be a second call, for which it is not there yet.
    const tagged = (type: string) => (type === "aws:ssm/parameter:Parameter" ? undefined : imageTags);
    for (const { type, inputs } of made) expect([type, inputs["tags"]]).toEqual([type, tagged(type)]);
  });

  test("is converted from the local version's disk, whatever its format", async () => {
    await declareAws("l0-ci-1");
    expect(one("command:local:Command")).toMatchObject({
      environment: { FOLDER: "/images/L0-base/20260101.1-abc" },
      create: expect.stringContaining("subformat=streamOptimized"),
    });
  });

  test("needs a bucket, and says so without a stack trace", async () => {
    await expect(declareAws("l0-ci-1", {}, { bucket: undefined })).rejects.toThrow(pulumi.RunError);
  });
});
