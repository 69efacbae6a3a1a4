import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { diagnose } from "../../../cli/commands/doctor";
import type { CliContext } from "../../../cli/context";
import { judgeDisk, judgeMemory, judgeNode, judgePlatform, judgePrograms, judgeQemu } from "../../../cli/doctor-host";
import { judgeEngineVersion, judgeLeftovers, judgeRegistry, partChecks } from "../../../cli/doctor-parts";
import { engineEnvironment, engineVersion } from "../../../lib/engine-env";
import { UserError } from "../../../lib/errors";

const GiB = 1024 ** 3;

describe("health", () => {
  test.each([
    ["Linux on x86-64", judgePlatform("linux", "x64"), "ok"],
    ["another processor", judgePlatform("linux", "arm64"), "fail"],
    ["another system", judgePlatform("darwin", "x64"), "fail"],
    ["a Node.js in the range", judgeNode("v20.19.0", ">=20.19"), "ok"],
    ["an older Node.js", judgeNode("v18.20.0", ">=20.19"), "fail"],
    ["plenty of disk", judgeDisk("/h", 50 * GiB), "ok"],
    ["disk for a machine but not for an image", judgeDisk("/h", 5 * GiB), "warn"],
    ["a full disk", judgeDisk("/h", 0.5 * GiB), "fail"],
    ["plenty of memory", judgeMemory(8000), "ok"],
    ["memory for a smaller machine", judgeMemory(2000), "warn"],
    ["too little memory", judgeMemory(500), "fail"],
    ["a QEMU that is tested", judgeQemu("QEMU emulator version 7.2.22 (Debian)", false), "ok"],
    ["an older QEMU", judgeQemu("QEMU emulator version 5.2.0", false), "warn"],
    ["another program of that name", judgeQemu("hello", true), "warn"],
    ["the engine", judgeEngineVersion("3.246.0"), "ok"],
    ["a later engine", judgeEngineVersion("3.300.1"), "ok"],
    ["an older engine", judgeEngineVersion("3.100.0"), "fail"],
    ["the next major engine", judgeEngineVersion("4.0.0"), "fail"],
    ["an engine that does not start", judgeEngineVersion(undefined), "fail"],
    ["a registry that wants a login", judgeRegistry("r", 401), "ok"],
    ["something that is no registry", judgeRegistry("r", 404), "warn"],
  ] as const)("%s", (_, diagnosis, health) => {
    expect(diagnosis.health).toBe(health);
    if (health !== "ok") expect(diagnosis.todo).toBeTruthy();
  });

  test.each([
    ["7.2.22", true, true],
    ["7.2.22", false, false],
    ["10.0.2", true, false],
  ])("QEMU %s, guests emulated: %s, says that one can hang: %s", (version, emulates, said) => {
    expect(judgeQemu(`QEMU emulator version ${version}`, emulates).why.includes("can hang")).toBe(said);
  });

  test("missing programs are named with what they are for and how to get them", () => {
    const missing = { program: "mcopy", package: "mtools", purpose: "building images", without: "warn" } as const;
    expect(judgePrograms([missing])).toEqual({
      health: "warn",
      why: "not found: mcopy (building images)",
      todo: "apt-get install mtools",
    });
    expect(judgePrograms([missing, { ...missing, without: "fail" }]).health).toBe("fail");
  });
});

describe("leftovers", () => {
  const left = { what: "machine vm-1", why: "expired" };
  const silent = { backend: "aws", from: "Pulumi.ci.yaml", why: "no answer" } as const;

  test.each([
    ["are none", judgeLeftovers([], []), "ok", /nothing is left behind/, undefined],
    ["are told with how to remove them", judgeLeftovers([left], []), "warn", /machine vm-1 \(expired\)/, /kmvm gc/],
    ["are not known where one cannot look", judgeLeftovers([], [silent]), "warn", /no answer/, /doctor --backend aws/],
    ["do not hide where one cannot look", judgeLeftovers([left], [silent]), "warn", /vm-1.*no answer/, /kmvm gc/],
  ] as const)("%s", (_, { health, why, todo }, expected, said, advised) => {
    expect([health, why]).toEqual([expected, expect.stringMatching(said)]);
    expect(todo).toEqual(advised && expect.stringMatching(advised));
  });
});

test.each([
  ["its own hint", new UserError("no credentials", "log in"), { why: "no credentials", todo: "log in" }],
  ["all that it says", new UserError("two problems:\n  a\n  b"), { why: "two problems:\n  a\n  b", todo: /message/ }],
  ["set-up where it is no user's", new Error("spawn ENOENT\nat x"), { why: "spawn ENOENT", todo: /scripts\/setup/ }],
])("a check that breaks is told with %s", async (_what, error, { why, todo }) => {
  const seen = await diagnose({} as CliContext, { name: "state", look: () => Promise.reject(error) });
  expect(seen).toEqual([{ check: "state", health: "fail", why, todo: expect.stringMatching(todo) }]);
});

describe("the engine's plugins", () => {
  let home: string;

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "kmvm-test-"));
    const { command } = engineEnvironment(home, home, {});
    mkdirSync(dirname(command), { recursive: true });
    writeFileSync(command, `#!/bin/sh\necho v${engineVersion}\n`, { mode: 0o700 });
  });

  afterEach(() => {
    rmSync(home, { recursive: true });
  });

  test.each([
    ["kmvm's own folder", "pulumi", {}],
    ["the user's PULUMI_HOME", "mine", { PULUMI_HOME: "mine" }],
  ])(
    "are looked for in %s where that is in force",
    async (_what, folder, { PULUMI_HOME }: { PULUMI_HOME?: string }) => {
      const environment = PULUMI_HOME === undefined ? {} : { PULUMI_HOME: join(home, PULUMI_HOME) };
      const look = async () => {
        const check = partChecks.find(({ name }) => name === "engine");
        const found = await check?.look({ root: home, home, environment } as unknown as CliContext);
        return [found ?? []].flat().find(({ why }) => why.includes("command plugin"));
      };
      const plugins = join(home, folder, "plugins");
      expect(await look()).toMatchObject({ health: "fail", why: `no command plugin in ${plugins}` });
      mkdirSync(join(plugins, "resource-command-v1.1.0"), { recursive: true });
      expect(await look()).toMatchObject({ health: "ok" });
    },
  );
});
