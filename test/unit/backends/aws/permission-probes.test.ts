import { expect, test } from "@jest/globals";
import { answerOf } from "../../../../components/backends/aws/permission-probes";

const sdk = (name: string) => Object.assign(new Error("text"), { name });

test.each([
  ["ec2:StopInstances", "DryRunOperation", "allowed"],
  ["scheduler:GetSchedule", "ResourceNotFoundException", "allowed"],
  ["ec2:StopInstances", "UnauthorizedOperation", "refused"],
  ["ec2:StopInstances", "IncorrectInstanceState", "undecided"],
])("asked for %s, %s says that it is %s", (permission, code, answer) => {
  expect(answerOf(permission, sdk(code))).toMatchObject({ permission, answer });
});

test("a machine in a security group that is none of ours is refused to who may start others: that decides nothing", () => {
  expect(answerOf("ec2:RunInstances", sdk("DryRunOperation")).answer).toBe("allowed");
  expect(answerOf("ec2:RunInstances", sdk("UnauthorizedOperation"))).toMatchObject({
    answer: "undecided",
    why: expect.stringContaining("default security group"),
  });
});
