import { expect, test } from "@jest/globals";
import * as plan from "../../../../components/backends/aws/machine-plan";
import { imageParameters } from "../../../../components/backends/aws/image-names";
import { imageReference } from "../../../../lib/image-reference";
import { fromTags } from "../../../../lib/tags";
import { awsStack } from "./settings";

const tags = {
  project: "kmvm",
  backendHash: "0123456789ab",
  stack: "test-ci-240",
  runId: "ab12cd34",
  createdAt: "2026-01-31T10:00:00.000Z",
  expiresAt: "2026-01-31T12:00:00.500Z",
  owner: "me@here",
};

test("the schedule is in whole seconds of UTC and never before the expiry", () => {
  expect(plan.scheduleExpression("2026-01-31T12:00:00.001Z")).toBe("at(2026-01-31T12:00:01)");
  expect(plan.scheduleExpression("2026-01-31T12:00:00.000Z")).toBe("at(2026-01-31T12:00:00)");
});

test("the schedule's target is in the partition of its role", () => {
  expect(plan.terminateTarget("arn:aws-us-gov:iam::123456789012:role/x")).toBe(
    "arn:aws-us-gov:scheduler:::aws-sdk:ec2:terminateInstances",
  );
});

test("a schedule's description holds the tags, in what AWS allows", () => {
  const longest = { ...tags, stack: `test-ci-${"x".repeat(31)}`, backendHash: "0".repeat(12) };
  const text = plan.scheduleDescription(longest);
  expect(text.length).toBeLessThanOrEqual(512);
  expect(fromTags(plan.tagsInDescription(text) ?? {})).toEqual({ ...longest, owner: "" });
});

test.each([undefined, "", "nightly backup", "null", "[1", "7"])(
  "the description %p of a schedule is none of ours",
  (text) => {
    expect(fromTags(plan.tagsInDescription(text) ?? {})).toBeUndefined();
  },
);

test("the longest stack's resources have a name that a schedule can have", () => {
  expect(plan.resourceName(`test-dev-${"x".repeat(31)}`, "ab12cd34").length).toBeLessThanOrEqual(64);
});

test("a machine may reach packages, and the registry's port", () => {
  expect(plan.egressPorts({ registry: undefined })).toEqual([80, 443]);
  const registry = (host: string) => awsStack({}, { registry: host });
  expect(plan.egressPorts(registry("r.example.org"))).toEqual([80, 443]);
  expect(plan.egressPorts(registry("r.example.org:443"))).toEqual([80, 443]);
  expect(plan.egressPorts(registry("r.example.org:5000"))).toEqual([80, 443, 5000]);
});

test.each([
  ["/dev/kvm", "m8i.large", true],
  ["/dev/kkm", "m8i.large", false],
])("%s on %s: nesting is asked for is %p", (device, size, wanted) => {
  expect(plan.wantsNesting(awsStack({}, { device, size, kkmSource: "/kkm" }))).toBe(wanted);
});

test("an image is found below the prefix, by pointer and by version", () => {
  const own = { parameterPrefix: "/kmvm/images" };
  expect(imageReference("L0-base@20260101.1-abc")).toEqual({ name: "L0-base", version: "20260101.1-abc" });
  expect(imageReference("L0-base")).toEqual({ name: "L0-base", version: undefined });
  expect(imageParameters.promoted(own, "L0-base")).toBe("/kmvm/images/L0-base/promoted");
  expect(imageParameters.version(own, "L0-base", "20260101.1-abc")).toBe(
    "/kmvm/images/L0-base/versions/20260101.1-abc",
  );
});
