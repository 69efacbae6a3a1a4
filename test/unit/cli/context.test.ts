import { expect, test } from "@jest/globals";
import { flagsFirst, type CliContext } from "../../../cli/context";
import { checkedSettings } from "../../../cli/stack-settings";

const environment = {
  PATH: "/bin",
  TARGET: "test-all",
  RUNTIME: "/opt/krun",
  PACKER_DIR: "payloads/node",
  LOCATION: "payloads/java",
};
const context = { environment } as unknown as CliContext;
const settingsWith = async (configuration: Record<string, unknown>) =>
  (await checkedSettings(flagsFirst(context, configuration), "test-dev-1", configuration)).settings;

test("a flag is above its variable of the environment, which is above what no flag gives", async () => {
  expect(await settingsWith({})).toMatchObject({ target: "test-all", runtime: "/opt/krun" });
  expect(await settingsWith({ target: "test" })).toMatchObject({ target: "test", runtime: "/opt/krun" });
});

test("directories that are given are not laid over by LOCATION either", async () => {
  expect((await settingsWith({})).directories).toEqual(["payloads/node"]);
  expect((await settingsWith({ directories: ["."] })).directories).toEqual(["."]);
});

test("what is no setting's variable stays, and the user's environment as well", () => {
  expect(flagsFirst(context, { target: "test", nonsense: 1 }).environment).toEqual({
    ...{ PATH: "/bin", RUNTIME: "/opt/krun", PACKER_DIR: "payloads/node", LOCATION: "payloads/java" },
  });
  expect(context.environment["TARGET"]).toBe("test-all");
});
