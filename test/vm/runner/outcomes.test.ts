import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { generateKeyPair } from "../../../provider/ssh-key-format";
import { makeBench, type RunnerBench } from "./support";

let bench: RunnerBench;
beforeAll(async () => {
  // Over ssh, which is how every backend is reached; the runs of test/vm/run go through the port of their clone.
  bench = await makeBench("outcomes", "cold");
}, 60_000);
afterAll(() => bench.cleanUp(), 60_000);

const evidence = (shown: string, file: string) => readFileSync(join(bench.root, shown, file), "utf8");

describe("one machine, run after run", () => {
  test("a machine with another host key is refused, with both fingerprints", async () => {
    const request = bench.request("quiet");
    const result = await bench.start({
      ...request,
      machine: { ...request.machine, hostKey: generateKeyPair("other").publicKey },
    });
    expect(result).toMatchObject({ verdict: "infra", reason: "host-key" });
    expect(result.message.match(/SHA256:\S{43}/g)).toHaveLength(2);
  }, 150_000);

  test("a payload that passes: pass, and whole evidence", async () => {
    const result = await bench.start(bench.request("quiet", { environment: { SECONDS_OF_SILENCE: "1" } }));
    expect(result).toMatchObject({ verdict: "pass", warnings: [] });
    expect(result.failedStep).toBeUndefined();
    expect(result.steps.map(({ name, exitCode }) => [name, exitCode])).toEqual(
      ["source", "device", "registry", "pull", "test"].map((name) => [name, 0]),
    );
    expect(evidence(result.evidence, "test.log")).toContain("quiet: done\n");
    // The first run in the machine has its boot, this one what came after.
    expect(evidence("runs/test-dev-outcomes/1", "console.log")).toContain("Linux version");
    expect(evidence(result.evidence, "console.log")).not.toContain("Linux version");
    expect(evidence(result.evidence, "artifacts/system/packages.txt")).toContain("docker");
    expect(evidence(result.evidence, "report.html")).toContain("pass");
    expect(JSON.parse(evidence(result.evidence, "result.json"))).toMatchObject({ verdict: "pass" });
  }, 150_000);

  test("a payload that fails: fail, and the case by name", async () => {
    const result = await bench.start(bench.request("fail"));
    expect(result).toMatchObject({ verdict: "fail", reason: "tests", failedStep: "test fail" });
    expect(result.message).toContain("the moon is made of cheese");
    expect(evidence(result.evidence, "junit.xml")).toMatch(/name="the moon is made of cheese".*<failure/);
  }, 100_000);

  test("a test that is quiet for longer than the hang limit does not hang", async () => {
    const request = bench.request("quiet", { environment: { SECONDS_OF_SILENCE: "14" } });
    const result = await bench.start({ ...request, limits: { ...request.limits, hang: 10 } });
    expect(result.verdict).toBe("pass");
  }, 100_000);

  test("a test that never ends: timeout, with its log so far", async () => {
    const request = bench.request("hang");
    const result = await bench.start({ ...request, limits: { ...request.limits, run: 8 } });
    expect(result).toMatchObject({ verdict: "timeout", failedStep: "test hang" });
    expect(evidence(result.evidence, "test.log")).toContain("hang: this never ends\n");
    expect(evidence(result.evidence, "junit.xml")).toContain('name="timeout: timeout"');
  }, 100_000);

  test("a cancelled run brings home what there is", async () => {
    const cancel = new AbortController();
    const running = bench.start(bench.request("hang"), cancel.signal);
    while (!bench.printed.some((line) => line.includes("this never ends")))
      await new Promise((resolve) => setTimeout(resolve, 100));
    const at = Date.now();
    cancel.abort();
    const result = await running;
    expect(result.verdict).toBe("cancelled");
    expect(Date.now() - at).toBeLessThan(12_000);
    expect(evidence(result.evidence, "artifacts/run/steps.jsonl")).toContain('"source"');
  }, 100_000);
});
