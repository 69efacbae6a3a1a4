import { describe, expect, test } from "@jest/globals";
import { judgeDisk, judgeMemory, judgeNode, judgePlatform, judgePrograms } from "../../../cli/doctor-host";
import { judgeEngineVersion, judgeRegistry } from "../../../cli/doctor-parts";

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
