import { expect, test } from "@jest/globals";
import { validate } from "../../../../components/backends/aws/validate";
import { awsStack } from "./settings";

const keys = (...args: Parameters<typeof awsStack>) =>
  validate(awsStack(...args)).map(({ key, fix }) => `${key}: ${fix}`);

test("settings that can be had are no problem", () => {
  expect(keys()).toEqual([]);
  expect(keys({ zones: ["us-west-2a", "us-west-2b"] }, { size: "m8i.xlarge", spot: "true" })).toEqual([]);
  expect(keys({ subnetId: "subnet-0123456789abcdef0" }, { size: "r8i.large" })).toEqual([]);
});

test.each<[string, Parameters<typeof awsStack>, RegExp]>([
  ["a size without /dev/kvm", [{}, { size: "m5.large" }], /^size: m5.large has no nested virtualisation/],
  ["a size with too few vCPUs", [{}, { size: "m8i.large", vcpus: "4" }], /^size: m8i.large has 2 vCPU, and 4/],
  ["a size with too little memory", [{}, { size: "c8i.large", memoryMiB: "8192" }], /^size: c8i.large has 4096 MiB/],
  ["a size that nobody knows", [{}, { size: "Standard_D4s_v5" }], /^size: choose one/],
  ["bare metal", [{}, { size: "m5.metal" }], /^size: choose another type/],
  ["bare metal of a part", [{}, { size: "m8i.metal-48xl" }], /^size: choose another type/],
  ["zones of another region", [{ zones: ["us-east-1a"] }], /^aws: change region/],
  ["zones and a subnet", [{ zones: ["us-west-2a"], subnetId: "subnet-01234567" }], /^aws: leave one of them out/],
  ["a zone of another region", [{}, { zone: "us-east-1a" }], /^zone: change it/],
  ["a zone of another provider", [{}, { zone: "1" }], /^zone: change it/],
  ["a zone and a subnet", [{ subnetId: "subnet-01234567" }, { zone: "us-west-2a" }], /^zone: leave one of them out/],
  ["a profile without a registry", [{ instanceProfile: "p" }], /^aws: give registry/],
  ["a warm start", [{}, { start: "warm" }], /^start: /],
  ["isolated directories", [{}, { isolate: "directory" }], /^isolate: /],
])("%s", (_what, args, problem) => {
  expect(keys(...args).join("\n")).toMatch(problem);
});

test("every mistake is told at once, and names the size that would be chosen", () => {
  const problems = validate(
    awsStack({ zones: ["us-east-1a"], instanceProfile: "p" }, { size: "c5.large", vcpus: "4", start: "warm" }),
  );
  expect(problems.map(({ key }) => key)).toEqual(["start", "size", "size", "aws", "aws"]);
  expect(problems[1]?.allowed).toContain("c8i-flex.xlarge");
});
