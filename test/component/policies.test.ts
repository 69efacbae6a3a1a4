import { describe, expect, test } from "@jest/globals";
import { homedir } from "node:os";
import { declare } from "../support/declare";
import { awsPolicies } from "../support/policies/aws";
import { azurePolicies } from "../support/policies/azure";
import { isOf, violations, type CloudPolicies, type Made, type Situation } from "../support/policies/policy";

/** A cloud that is not in it is not held to anything. */
const clouds: Readonly<Partial<Record<"aws" | "azure", CloudPolicies>>> = { aws: awsPolicies, azure: azurePolicies };

const canaries = {
  registry: "r.example.org",
  registryUsername: "robot",
  registryPassword: "CANARY-PASSWORD",
  githubToken: "CANARY-TOKEN",
};

const situation: Situation = {
  caller: "198.51.100.7/32",
  owner: "me@here",
  hostKey: "CANARY-PRIVATE-KEY",
  secrets: [canaries.registryPassword, canaries.githubToken],
  persons: [homedir()],
};

for (const [name, policies] of Object.entries(clouds))
  describe(`what programs register of ${name}`, () => {
    const backend = name as keyof typeof clouds;
    test.each([
      ["a test", "test-ci-240", canaries],
      ["a person's machine", "vm-dev-1", {}],
      ["a machine at another price", "test-ci-240", { spot: "true" }],
    ])("keeps to the policies: %s", async (_, stack, settings) => {
      const { registered } = await declare(stack, backend, { settings });
      expect(registered.filter((one) => isOf(policies, one)).length).toBeGreaterThan(4);
      expect(violations(registered, policies, situation)).toEqual([]);
    });

    test("keeps to the policies: an image", async () => {
      const { registered } = await declare("l0-ci-1", backend);
      expect(registered.some((one) => isOf(policies, one))).toBe(true);
      expect(violations(registered, policies, { ...situation, secrets: ["CANARY-PRIVATE-KEY"] })).toEqual([]);
    });
  });

/** One resource of a program that is as it should be, changed. */
async function changed(
  type: string,
  change: Record<string, unknown>,
  backend: "aws" | "azure" = "aws",
): Promise<string[]> {
  const { registered } = await declare("test-ci-240", backend);
  const all = registered.map((one): Made => {
    return one.type === type ? { type, inputs: { ...one.inputs, ...change } } : one;
  });
  return violations(all, backend === "aws" ? awsPolicies : azurePolicies, situation);
}

describe("a policy is broken", () => {
  const instance = "aws:ec2/instance:Instance";
  const ingress = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";
  const group = "aws:ec2/securityGroup:SecurityGroup";

  test.each([
    ["by what is open to the world", ingress, { cidrIpv4: "0.0.0.0/0" }, /cidrIpv4 is "0.0.0.0\/0"/],
    ["by what is open to the world of IPv6", ingress, { cidrIpv6: "::/0" }, /cidrIpv6 must not be given/],
    ["by what lacks a tag", group, { tags: {} }, /tags lacks kmvm-project/],
    ["by what has no tags", group, { tags: undefined }, /has no tags/],
    ["by a disk that is not encrypted", instance, { rootBlockDevice: {} }, /rootBlockDevice.encrypted is absent/],
    ["by a key of the account", instance, { keyName: "me" }, /keyName must not be given/],
    ["by a secret", group, { description: "CANARY-TOKEN" }, /secret CANARY-TOKEN/],
    ["by a host key that is elsewhere", group, { description: "CANARY-PRIVATE-KEY" }, /outside its user data/],
    ["by a person's folder", group, { description: `of ${homedir()}` }, /names \//],
    ["by no schedule", "aws:scheduler/schedule:Schedule", { scheduleExpression: "at(2030-01-01)" }, /no schedule is/],
  ])("%s", async (_, type, change, told) => {
    expect(await changed(type, change)).toEqual(expect.arrayContaining([expect.stringMatching(told)]));
  });

  const workflow = "azure-native:logic:Workflow";
  const machine = "azure-native:compute:VirtualMachine";
  const rule = { access: "Allow", direction: "Inbound", protocol: "Tcp", destinationPortRange: "22" };
  test.each([
    [
      "by what is open to the world",
      "azure-native:network:NetworkSecurityGroup",
      { securityRules: [{ ...rule, sourceAddressPrefix: "*" }] },
      /sourceAddressPrefix is "\*"/,
    ],
    ["by no workflow", workflow, { definition: {} }, /no workflow starts/],
    ["by a workflow that deletes another group", workflow, { resourceGroupName: "another" }, /deletes the group that/],
    ["by user data without the host key", machine, { osProfile: {} }, /does not hold its host key/],
    ["by an identity", machine, { identity: { type: "SystemAssigned" } }, /identity must not be given/],
  ])("of Azure %s", async (_, type, change, told) => {
    expect(await changed(type, change, "azure")).toEqual(expect.arrayContaining([expect.stringMatching(told)]));
  });

  test("by a type that nobody has thought of", () => {
    expect(violations([{ type: "aws:iam/user:User", inputs: {} }], awsPolicies, situation)).toEqual([
      "aws:iam/user:User: no policy says what it must be",
    ]);
  });
});
