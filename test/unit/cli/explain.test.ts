import { describe, expect, jest, test } from "@jest/globals";
import { explanationOf, showExplanation } from "../../../cli/explain";
import type { Terminal } from "../../../cli/terminal";
import { classify } from "../../../lib/cloud-errors";
import { ExitCode } from "../../../lib/errors";
import { parseStackName } from "../../../stacks/name";
import { parseSettings } from "../../../stacks/parse-settings";
import type { Settings } from "../../../stacks/settings";

const explain = (text: string) => classify([{ text: /quota/, kind: "quota", hint: "wait" }], { codes: [], text });

describe("why an update failed", () => {
  test("is told by the first error that the backend has a word for", () => {
    expect(explanationOf(["update failed", "over quota: 46 of 48 used"], explain)).toMatchObject({
      ...{ kind: "quota", hint: "wait", message: "over quota: 46 of 48 used" },
    });
  });

  test("is not told again where nobody has a word for it", () => {
    expect(explanationOf(["strange"], explain)).toBeUndefined();
    expect(explanationOf(["over quota"], undefined)).toBeUndefined();
  });

  const own = {
    qemu: {},
    aws: { region: "us-west-2", scheduleRoleArn: "arn:aws:iam::123456789012:role/kmvm-expiry" },
  };
  test.each([
    ["qemu", "QEMU does not start", ExitCode.Infrastructure, ""],
    ["aws", "api error VcpuLimitExceeded: You have requested more vCPU capacity", ExitCode.Infrastructure, "quota: "],
    [
      "aws",
      "api error UnauthorizedOperation: You are not authorized to perform: ec2:RunInstances",
      ExitCode.Usage,
      "permission: ",
    ],
  ] as const)("on %s, %s, ends with code %d", async (backend, text, code, begin) => {
    const { settings } = parseSettings(parseStackName("vm-dev-1"), {
      ...{
        profile: "",
        configuration: { backend, [backend]: JSON.stringify(own[backend]) },
        environment: {},
        root: "/",
      },
      isDirectory: () => true,
    });
    const line = jest.fn<(text: string) => void>();
    expect(await showExplanation({ line } as unknown as Terminal, settings as Settings, [text], undefined)).toBe(code);
    expect(line.mock.calls.flat().join("\n").startsWith(begin)).toBe(true);
    expect(line).toHaveBeenCalledTimes(begin === "" ? 0 : 2);
  });
});
