import { DescribeSubnetsCommand, ModifySubnetAttributeCommand } from "@aws-sdk/client-ec2";
import { afterEach, describe, expect, test } from "@jest/globals";
import { awsFacets } from "../../../components/backends/aws/facets";
import { awsSettings } from "../../../components/backends/aws/settings";
import { awsStack } from "../../unit/backends/aws/settings";
import { makeBucket, publish } from "./image";
import { ec2, makeMachine, own, tagsOfRun } from "./machine";
import { useMoto } from "./use-moto";
import { ec2Error, standIn } from "./stand-in";

useMoto();

const facets = awsFacets(own);
const { quota, preflight, images } = facets;
if (!quota || !preflight || !images) throw new Error("facets are missing");
const undo: (() => Promise<void>)[] = [];

/** One service is answered by us, all others by moto. */
async function answered(service: string, answer: Parameters<typeof standIn>[0]) {
  const { url, calls, stop } = await standIn(answer);
  const variable = `AWS_ENDPOINT_URL_${service}`;
  process.env[variable] = url;
  undo.push(async () => {
    Reflect.deleteProperty(process.env, variable);
    await stop();
  });
  return calls;
}

const limit = (value: number) => ({ status: 200, body: JSON.stringify({ Quota: { Value: value } }) });
const noSuch = { status: 400, body: JSON.stringify({ __type: "NoSuchResourceException", Message: "" }) };

afterEach(async () => {
  for (const one of undo.splice(0)) await one();
});

describe("quota (machines are moto's; it has no limits of EC2, they are a stand-in's)", () => {
  test("is what is used by everybody, the limit, and what one machine takes", async () => {
    const calls = await answered("SERVICE_QUOTAS", () => limit(48));
    await makeMachine(tagsOfRun("one"));
    const { instance } = await makeMachine(tagsOfRun("two"));
    await makeMachine(tagsOfRun("three"));
    await facets.power.stop(instance);
    expect(await quota.figures(awsStack({}, { size: "m8i.xlarge" }))).toEqual([
      {
        ...{ name: "Running On-Demand Standard instances (L-1216C47A)", region: "us-west-2", unit: "vCPU" },
        ...{ used: 4, limit: 48, needed: 4 },
      },
    ]);
    expect(calls).toEqual(["GetServiceQuota"]);
  });

  test("of spot machines is another one, and a limit that was never changed is the default", async () => {
    const calls = await answered("SERVICE_QUOTAS", (call) => (call === "GetServiceQuota" ? noSuch : limit(5)));
    expect(await quota.figures(awsStack({}, { spot: "true", size: "m8i.large" }))).toMatchObject([
      { name: expect.stringContaining("L-34B43A08"), used: 0, limit: 5, needed: 2 },
    ]);
    expect(calls).toEqual(["GetServiceQuota", "GetAWSDefaultServiceQuota"]);
  });
});

describe("doctor", () => {
  const named = async (settings = awsStack({}, { size: "m5.large", device: "/dev/kkm" })) => {
    const findings = await preflight.check(settings);
    return Object.fromEntries(findings.map((one) => [`${one.name} ${one.level}`, one.text]));
  };

  test("finds who we are, that nothing is missing, where the size is, and the promoted image", async () => {
    await answered("SERVICE_QUOTAS", () => limit(48));
    await makeBucket();
    const { ami } = await publish("L0-base", "20260101.1-a");
    await images.promote("L0-base", "20260101.1-a");
    expect(await named()).toMatchObject({
      "credentials ok": expect.stringMatching(/^arn:aws:.*, region us-west-2$/),
      "permissions ok": expect.stringMatching(/ asked for are given$/),
      "size ok": expect.stringContaining("us-west-2a"),
      "network ok": expect.stringMatching(/^default VPC vpc-/),
      "bucket ok": "kmvm-images",
      "image ok": `L0-base@20260101.1-a is ${ami}`,
    });
  });

  test("creates and changes nothing", async () => {
    await answered("SERVICE_QUOTAS", () => limit(48));
    await makeMachine(tagsOfRun("one"));
    const before = await Promise.all([facets.inventory.list(), facets.leftovers.list()]);
    await preflight.check(awsStack());
    expect(await Promise.all([facets.inventory.list(), facets.leftovers.list()])).toEqual(before);
  });

  test("without an image says how one is made; what cannot be asked for without one is not known", async () => {
    await answered("SERVICE_QUOTAS", () => limit(48));
    expect(await named()).toMatchObject({
      "image fail": "no version of L0-base is promoted in us-west-2",
      "permissions warn": expect.stringContaining("ec2:RunInstances"),
      "bucket fail": "there is no bucket kmvm-images",
    });
  });

  test("finds a size with nested virtualisation, and names zones that have it not", async () => {
    await answered("SERVICE_QUOTAS", () => limit(48));
    const settings = awsStack({}, { size: "m8i.large" });
    expect(await named(settings)).toMatchObject({ "size ok": expect.stringMatching(/^m8i.large is in us-west-2a, /) });
    const elsewhere = awsFacets(awsSettings.parse({ ...own, zones: ["us-west-2z"] }));
    expect(await elsewhere.preflight?.check(settings)).toContainEqual(
      expect.objectContaining({ name: "size", level: "fail", text: "no m8i.large in us-west-2z" }),
    );
  });

  test.each([
    ["that the region has not", "", /^us-west-2 has no m8i.large$/],
    [
      "without nested virtualisation there",
      "<item><instanceType>m8i.large</instanceType><location>us-west-2a</location></item>",
      /^m8i.large has no nested virtualisation in us-west-2$/,
    ],
  ])("names a size %s (EC2 is a stand-in's)", async (_what, offerings, text) => {
    await answered("SERVICE_QUOTAS", () => limit(48));
    await answered("EC2", (call) => ({
      status: 200,
      body: `<${call}Response><requestId>1</requestId><instanceTypeOfferingSet>${offerings}</instanceTypeOfferingSet><instanceTypeSet><item><instanceType>m8i.large</instanceType></item></instanceTypeSet></${call}Response>`,
    }));
    expect(await named(awsStack({}, { size: "m8i.large" }))).toMatchObject({
      "size fail": expect.stringMatching(text),
    });
  });

  test("a default network in which machines get no public address is told before it fails a run", async () => {
    await answered("SERVICE_QUOTAS", () => limit(48));
    const client = ec2();
    const { Subnets: [subnet] = [] } = await client.send(new DescribeSubnetsCommand({}));
    await client.send(
      new ModifySubnetAttributeCommand({ SubnetId: subnet?.SubnetId, MapPublicIpOnLaunch: { Value: false } }),
    );
    const network = (findings: Awaited<ReturnType<typeof preflight.check>> = []) =>
      findings.find(({ name }) => name === "network");
    expect(network(await preflight.check(undefined))).toMatchObject({
      level: "fail",
      text: expect.stringMatching(/give no public addresses$/),
    });
    const elsewhere = (zone: string) => awsFacets(awsSettings.parse({ ...own, zones: [zone] })).preflight;
    const other = subnet?.AvailabilityZone === "us-west-2a" ? "us-west-2b" : "us-west-2a";
    expect(network(await elsewhere(other)?.check(undefined))).toMatchObject({ level: "ok" });
    expect(network(await elsewhere("us-west-2z")?.check(undefined))).toMatchObject({
      level: "fail",
      text: expect.stringMatching(/has no default subnet in us-west-2z$/),
    });
  });

  test("a role of another account is told before it fails a run", async () => {
    await answered("SERVICE_QUOTAS", () => limit(48));
    const foreign = awsSettings.parse({ ...own, scheduleRoleArn: "arn:aws:iam::999999999999:role/x" });
    const findings = await awsFacets(foreign).preflight?.check(undefined);
    expect(findings).toContainEqual(expect.objectContaining({ name: "schedule role", level: "fail" }));
  });

  test("names the permissions that are missing (moto refuses nobody: EC2 is a stand-in's)", async () => {
    await answered("SERVICE_QUOTAS", () => limit(48));
    const calls = await answered("EC2", (call) =>
      ["CreateSecurityGroup", "DescribeVolumes"].includes(call)
        ? ec2Error("UnauthorizedOperation", "You are not authorized to perform this operation.")
        : ec2Error("DryRunOperation", "Request would have succeeded, but DryRun flag is set."),
    );
    const findings = await preflight.check(undefined);
    expect(findings).toContainEqual(
      expect.objectContaining({
        ...{ name: "permissions", level: "fail" },
        text: "missing: ec2:DescribeVolumes, ec2:CreateSecurityGroup",
      }),
    );
    expect(calls).toContain("DescribeInstances");
  });

  test("with credentials that are refused asks for nothing else", async () => {
    const calls = await answered("EC2", () => ec2Error("AuthFailure"));
    await answered("STS", () => ({
      status: 403,
      body: "<ErrorResponse><Error><Code>InvalidClientTokenId</Code><Message>The security token included in the request is invalid.</Message></Error></ErrorResponse>",
    }));
    expect(await preflight.check(awsStack())).toMatchObject([
      {
        name: "credentials",
        level: "fail",
        text: expect.stringContaining("InvalidClientTokenId"),
        fix: expect.any(String),
      },
    ]);
    expect(calls).toEqual([]);
  });
});
