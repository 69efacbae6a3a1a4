import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "@jest/globals";
import { withQmp } from "../../provider/qemu/qmp";
import { makeBench, type RunnerBench } from "../vm/runner/support";

let bench: RunnerBench;
afterEach(() => bench.cleanUp(), 60_000);

const evidence = (shown: string, file: string) => readFileSync(join(bench.root, shown, file), "utf8");

async function untilPrinted(text: string): Promise<void> {
  while (!bench.printed.some((line) => line.includes(text))) await new Promise((resolve) => setTimeout(resolve, 50));
}

describe("a machine that does not come through", () => {
  test("panics: infra within 5 s of the console's last line, with the trace", async () => {
    bench = await makeBench("panic");
    const running = bench.start(bench.request("panic"));
    await untilPrinted("about to panic");
    let lastLine = 0;
    let size = -1;
    const timer = setInterval(() => {
      const now = readFileSync(bench.machine.consolePath).length;
      if (now !== size) lastLine = Date.now();
      size = now;
    }, 50);
    const result = await running;
    const late = Date.now() - lastLine;
    clearInterval(timer);
    expect(result).toMatchObject({ verdict: "infra", reason: "panic" });
    expect(result.consoleExcerpt.join("\n")).toMatch(
      /Kernel panic - not syncing: sysrq triggered crash[^]*end Kernel panic/,
    );
    expect(evidence(result.evidence, "report.html")).toContain("sysrq triggered crash");
    expect(evidence(result.evidence, "test.log")).toContain("about to panic");
    expect(late).toBeLessThan(5000);
  }, 200_000);

  test("freezes: infra, hang, after the limit, with what QEMU knows", async () => {
    bench = await makeBench("freeze");
    const request = bench.request("hang");
    const running = bench.start({ ...request, limits: { ...request.limits, hang: 15 } });
    await untilPrinted("this never ends");
    const stoppedAt = Date.now();
    await withQmp(bench.machine.folder, (qmp) => qmp.command("stop"));
    const result = await running;
    expect(result).toMatchObject({ verdict: "infra", reason: "hang" });
    expect(result.message).toContain("QEMU says that it is paused");
    expect(Date.now() - stoppedAt).toBeLessThan(30_000);
    expect(evidence(result.evidence, "registers.txt")).toContain("RIP");
  }, 200_000);

  test("is reset: infra, reboot", async () => {
    bench = await makeBench("reset");
    const result = await bench.start(bench.request("reboot"));
    expect(result).toMatchObject({ verdict: "infra", reason: "reboot" });
    expect(evidence(result.evidence, "test.log")).toContain("about to be reset");
  }, 300_000);

  test("is killed: infra, machine-gone", async () => {
    bench = await makeBench("killed");
    const running = bench.start(bench.request("hang"));
    await untilPrinted("this never ends");
    process.kill(bench.machine.pid, "SIGKILL");
    const killedAt = Date.now();
    const result = await running;
    expect(result).toMatchObject({ verdict: "infra", reason: "machine-gone" });
    expect(Date.now() - killedAt).toBeLessThan(10_000);
  }, 200_000);

  test("is hostile: nothing outside the evidence, limits kept, verdict reached", async () => {
    bench = await makeBench("hostile");
    const request = bench.request("hostile");
    const result = await bench.start({ ...request, limits: { ...request.limits, logMiB: 20, artifactsMiB: 2 } });
    // Its own record of steps, which would say more, it has thrown away.
    expect(result).toMatchObject({ verdict: "infra", reason: "guest" });
    expect(result.cases.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["honest", "<script>alert(1)</script>"]),
    );
    for (const line of bench.printed) {
      expect(/[\x00-\x08\x0a-\x1f\x7f-\x9f]/.test(line)).toBe(false);
      expect(line.length).toBeLessThan(5000);
    }
    const warnings = result.warnings.join("\n");
    expect(warnings).toContain("the log was cut after 20 MiB");
    for (const left of ["hostile-absolute", "hostile-dots", "hostile-dots2", "link", "hard", "device", "fifo", "huge"])
      expect(warnings).toContain(left);
    const folder = join(bench.root, result.evidence);
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    for (const entry of entries) expect(entry.isFile() || entry.isDirectory()).toBe(true);
    for (const outside of [tmpdir(), folder, join(folder, ".."), bench.root])
      expect(readdirSync(outside).filter((name) => name.includes("kmvm-hostile"))).toEqual([]);
    expect(readFileSync(join(folder, "test.log")).length).toBeLessThan(21 * 1024 * 1024);
    expect(evidence(result.evidence, "report.html")).not.toContain("<script");
  }, 300_000);
});
