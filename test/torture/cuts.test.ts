import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { connectSsh } from "../support/connect-ssh";
import { cuttableWay, makeBench, type RunnerBench } from "../vm/runner/support";

let bench: RunnerBench;
beforeAll(async () => {
  // It has no port of its own, so that ssh, which can be cut, is the only way in.
  bench = await makeBench("cuts", "cold");
}, 60_000);
afterAll(() => bench.cleanUp(), 60_000);

const evidence = (shown: string, file: string) => readFileSync(join(bench.root, shown, file), "utf8");

describe("the log of a run", () => {
  test("loses and repeats nothing at five cuts of the connection", async () => {
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
  }, 600_000);

  test("is whole also for a runner that takes up what another began", async () => {
    const request = bench.request("numbered-lines", { environment: { LINES: "400" } });
    const first = bench.start(request);
    while (!bench.printed.some((line) => line.startsWith("line 00005")))
      await new Promise((resolve) => setTimeout(resolve, 50));
    const second = await bench.start(request);
    const logs = [(await first).evidence, second.evidence].map((shown) => evidence(shown, "test.log"));
    expect(second.verdict).toBe("pass");
    expect(logs[1]).toBe(logs[0]);
    expect(logs[1]?.match(/^line /gm)).toHaveLength(400);
  }, 600_000);
});
