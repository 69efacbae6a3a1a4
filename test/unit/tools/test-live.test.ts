import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { repositoryRoot } from "../../../lib/paths";

function testLive(args: readonly string[], variables: Record<string, string> = {}) {
  const env = { PATH: process.env["PATH"], HOME: "/nonexistent", AWS_EC2_METADATA_DISABLED: "true", ...variables };
  const { status, stdout, stderr } = spawnSync(join(repositoryRoot(), "scripts", "test-live"), args, {
    env,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

const aws = JSON.stringify({ region: "us-west-2", scheduleRoleArn: "arn:aws:iam::123456789012:role/kmvm-expiry" });

describe("the test in a real account", () => {
  test.each<[string, string[], Record<string, string>, RegExp]>([
    ["no cloud is named", [], {}, /^skipped: test:live: no cloud was named: .* aws, .* azure\n$/],
    ["there are no settings", ["azure"], {}, /^skipped: test:live: azure: 1 problem with the settings .*KMVM_AZURE/],
    ["there are no credentials", ["aws"], { KMVM_AWS: aws }, /^skipped: test:live: aws: .*could not load credentials/i],
  ])("is skipped where %s, and says so", (_where, args, variables, expected) => {
    const { status, stdout } = testLive(args, variables);
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(expected) });
  });

  test.each([["gcp"], ["aws", "azure"]])("is of one of two clouds, and not of %s %s", (...args) => {
    expect(testLive(args)).toEqual({
      status: 2,
      stdout: "",
      stderr: `test:live: "${args.join(" ")}" is not one of: aws, azure\n`,
    });
  });
});
