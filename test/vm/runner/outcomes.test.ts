import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { connectSsh } from "../../../lib/ssh";
import { generateKeyPair } from "../../../provider/ssh-key-format";
import { cuttableWay, makeBench, type RunnerBench } from "./support";

let bench: RunnerBench;
beforeAll(async () => {
  bench = await makeBench("outcomes");
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

  test("five cuts of the connection lose and repeat nothing of the log", async () => {
    const request = bench.request("numbered-lines", { environment: { LINES: "1200" } });
    const way = await cuttableWay(request.machine.address, request.machine.port);
    const target = { ...request.machine };
    let cuts = 0;
    const timer = setInterval(() => {
      // Cut in the middle: when it has gone on after the last cut.
      const again = bench.printed.filter((line) => line.includes("going on at byte")).length;
      const since = bench.printed.slice(bench.printed.findLastIndex((line) => line.includes("going on at byte")) + 1);
      if (cuts >= 5 || again < cuts || since.filter((line) => line.startsWith("line ")).length < 20) return;
      cuts++;
      way.cut();
    }, 50);
    try {
      const result = await bench.start({
        ...request,
        machine: { ...request.machine, address: "127.0.0.1", port: way.port },
      });
      expect(result.verdict).toBe("pass");
      expect(result.warnings).toEqual(["the connection was lost 5 times"]);
      const connection = await connectSsh({ ...target });
      const { stdout } = await connection.exec("sudo sha256sum /var/lib/kmvm/run/test.log");
      connection.close();
      const home = readFileSync(join(bench.root, result.evidence, "test.log"));
      expect(createHash("sha256").update(home).digest("hex")).toBe(stdout.split(" ")[0]);
    } finally {
      clearInterval(timer);
      way.close();
    }
  }, 150_000);

  test("a runner that takes up a run that another began has its whole log", async () => {
    const request = bench.request("numbered-lines", { environment: { LINES: "400" } });
    const first = bench.start(request);
    while (!bench.printed.some((line) => line.startsWith("line 00005")))
      await new Promise((resolve) => setTimeout(resolve, 50));
    const second = await bench.start(request);
    const logs = [(await first).evidence, second.evidence].map((shown) => evidence(shown, "test.log"));
    expect(second.verdict).toBe("pass");
    expect(logs[1]).toBe(logs[0]);
    expect(logs[1]?.match(/^line /gm)).toHaveLength(400);
  }, 150_000);
});
