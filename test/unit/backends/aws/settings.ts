import { parseStackName } from "../../../../stacks/name";
import { parseSettings } from "../../../../stacks/parse-settings";
import type { Settings } from "../../../../stacks/settings";
import type { AwsSettings } from "../../../../components/backends/aws/settings";

export const scheduleRoleArn = "arn:aws:iam::123456789012:role/kmvm-expiry";

/** Settings as a stack of backend aws has them. */
export function awsStack(
  own: Partial<AwsSettings> = {},
  others: Record<string, string> = {},
  stack = "test-ci-240",
): Settings {
  const { settings, problems } = parseSettings(parseStackName(stack), {
    profile: "config: {}",
    configuration: { backend: "aws", aws: JSON.stringify({ region: "us-west-2", scheduleRoleArn, ...own }), ...others },
    environment: {},
    root: "/",
    isDirectory: () => true,
  });
  if (!settings) throw new Error(JSON.stringify(problems));
  return settings;
}
