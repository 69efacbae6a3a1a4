import { describe, expect, test } from "@jest/globals";
import {
  nodeArguments,
  programEnd,
  programEnvironment,
  type ProgramRun,
} from "../../../tools/engine/language-host/run";

const run: ProgramRun = {
  engineAddress: "127.0.0.1:1",
  monitorAddress: "127.0.0.1:2",
  organization: "organization",
  project: "tiny",
  stack: "test-dev-1",
  rootDirectory: "/p",
  programDirectory: "/p",
  entryPoint: ".",
  arguments: [],
  dryRun: false,
  parallel: 16,
  config: { "tiny:a": "1" },
  configSecretKeys: ["tiny:a"],
  options: { typescript: false },
};

describe("arguments of node", () => {
  test("name the run in flags, and end with what is run", () => {
    expect(nodeArguments({ ...run, entryPoint: "index.ts", arguments: ["x"] }, "/sdk/run")).toEqual([
      ...["/sdk/run", "--monitor", "127.0.0.1:2", "--engine", "127.0.0.1:1", "--organization", "organization"],
      ...["--project", "tiny", "--root-directory", "/p", "--stack", "test-dev-1", "--pwd", "/p", "--parallel", "16"],
      ...["index.ts", "x"],
    ]);
  });

  test("have node's own ones before the script", () => {
    expect(nodeArguments({ ...run, options: { nodeargs: " --require  ./x.cjs " } }, "/sdk/run").slice(0, 3)).toEqual([
      "--require",
      "./x.cjs",
      "/sdk/run",
    ]);
  });

  test("say a dry run, and leave out what is not known", () => {
    const dry = nodeArguments({ ...run, dryRun: true, organization: "" }, "/sdk/run");
    expect(dry).toContain("--dry-run");
    expect(dry).not.toContain("--organization");
    expect(nodeArguments(run, "/sdk/run")).not.toContain("--dry-run");
  });
});

test("configuration goes by the environment, and TypeScript is left to the SDK unless that is off", () => {
  expect(programEnvironment(run, { PATH: "/bin" })).toEqual({
    PATH: "/bin",
    PULUMI_CONFIG: '{"tiny:a":"1"}',
    PULUMI_CONFIG_SECRET_KEYS: '["tiny:a"]',
  });
  expect(programEnvironment({ ...run, options: {} }, {})).toMatchObject({ PULUMI_NODEJS_TYPESCRIPT: "true" });
});

test.each([
  [0, null, { kind: "success" }],
  [32, null, { kind: "shown" }],
  [7, null, { kind: "failure", message: "Program exited with non-zero exit code: 7" }],
  [null, "SIGKILL" as const, { kind: "failure", message: "Program was ended by SIGKILL" }],
])("exit code %p, signal %p means %p", (code, signal, end) => {
  expect(programEnd(code, signal)).toEqual(end);
});
