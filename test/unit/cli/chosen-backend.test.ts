import { describe, expect, test } from "@jest/globals";
import { Command } from "commander";
import { addBackendFlags, chooseBackend } from "../../../cli/chosen-backend";
import type { CliContext } from "../../../cli/context";
import { diagnoseBackend } from "../../../cli/doctor-backend";

const own = JSON.stringify({ region: "us-west-2", scheduleRoleArn: "arn:aws:iam::123456789012:role/kmvm-expiry" });
const contextWith = (environment: NodeJS.ProcessEnv) => ({ environment }) as unknown as CliContext;
const flags = { backend: "aws", profile: "dev" } as const;

/** What is said of the settings, with what to do about it. */
async function refusal(environment: NodeJS.ProcessEnv, configuration: Record<string, unknown> = {}): Promise<string> {
  const choice = chooseBackend(contextWith(environment), flags, configuration);
  return choice.then(
    () => "nothing",
    ({ message, hint }: { message: string; hint?: string }) => `${message}\n${hint ?? ""}`,
  );
}

describe("settings of a backend that are wrong", () => {
  test("are told as that backend's, with the file that they are missing in and the variable instead", async () => {
    const text = await refusal({});
    expect(text).toContain("1 problem with the settings of backend aws, of Pulumi.dev.yaml:");
    expect(text).toMatch(/to mend it: give kmvm:aws in Pulumi\.dev\.yaml, or set KMVM_AWS to the same as JSON\n/);
  });

  test.each<[string, NodeJS.ProcessEnv, Record<string, unknown>, string]>([
    ["in the environment", { KMVM_AWS: "{}" }, {}, "change or unset environment variable KMVM_AWS"],
    ["on the command line", { KMVM_AWS: own }, { size: "no such" }, "give another --size"],
    ["as the backend sees it", { KMVM_AWS: own }, { size: "no-such" }, 'size is "no-such" (from flags)'],
  ])("are told where they are: %s", async (_where, environment, configuration, expected) => {
    expect(await refusal(environment, configuration)).toContain(expected);
  });

  test("are never said to be a stack's, nor that nothing was created: nothing was to be", async () => {
    const seen = await diagnoseBackend(contextWith({}), flags);
    for (const text of [await refusal({}), await refusal({ KMVM_AWS: own }, { size: "x y" }), JSON.stringify(seen)])
      expect(text).not.toMatch(/vm-dev|config set|created|stack/);
  });
});

test("a profile that there is not is refused with those that there are", async () => {
  const command = addBackendFlags(new Command("verb"), "x")
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  await expect(command.parseAsync(["--profile", "no"], { from: "user" })).rejects.toThrow(
    /Allowed choices are ci, dev/,
  );
});
