import { appendFileSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { makeRedactor } from "../../../lib/redact";
import type { RunResult } from "../../../lib/run-result";
import { CappedFile } from "../../../runner/capped-file";
import { fileConsole } from "../../../runner/console-source";
import { ConsoleWatch } from "../../../runner/console-watch";
import { makeEvidenceFolder, writeWhole } from "../../../runner/evidence-folder";
import { recallMachine, rememberMachine } from "../../../runner/machine-memory";
import { smallResult } from "../../../runner/small-result";
import { tellVerdict } from "../../../runner/tell-verdict";
import { writeEvidence } from "../../../runner/write-evidence";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "evidence-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const open = makeRedactor([]);
const read = (name: string) => readFileSync(join(folder, name), "utf8");
const soon = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const result: RunResult = {
  ...{ schema: 1, stack: "test-ci-1", runId: "r", attempt: 1, verdict: "pass", reason: "tests", message: "m" },
  ...{ cases: [], steps: [], consoleExcerpt: [], warnings: [], evidence: "runs/test-ci-1/1" },
  ...{ startedAt: "2026-01-01", finishedAt: "2026-01-02", spans: [{ name: "boot", startMs: 1, endMs: 2 }] },
};

describe("evidence folders", () => {
  test("are numbered, the newest is `latest`", async () => {
    expect((await makeEvidenceFolder(folder, "s")).shown).toBe("runs/s/1");
    expect((await makeEvidenceFolder(folder, "s")).shown).toBe("runs/s/2");
    expect(readlinkSync(join(folder, "runs/s/latest"))).toBe("2");
  });

  test("of runs at once are different ones", async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => makeEvidenceFolder(folder, "s")));
    expect(new Set(made.map(({ path }) => path)).size).toBe(8);
  });

  test("hold a file as a whole or not at all", async () => {
    await expect(writeWhole(join(folder, "none", "file"), "x")).rejects.toThrow("ENOENT");
    writeFileSync(join(folder, "taken"), "");
    await rm(join(folder, "taken"));
    await writeWhole(join(folder, "file"), "x");
    expect(readdirSync(folder)).toEqual(["file"]);
  });
});

const rm = async (path: string) => {
  rmSync(path);
  return Promise.resolve();
};

describe("a file that a guest fills", () => {
  const create = (limitBytes: number, redactor = open) =>
    CappedFile.create({ path: join(folder, "log"), what: "log", limitBytes, redactor });

  test("has every byte, in order", async () => {
    const file = await create(1e6);
    for (let part = 0; part < 50; part++) void file.write(Buffer.from(`part ${part} \xff\x00\n`, "latin1"));
    expect(await file.end()).toEqual([]);
    const expected = Array.from({ length: 50 }, (_, part) => `part ${part} \xff\x00\n`).join("");
    expect(readFileSync(join(folder, "log"), "latin1")).toBe(expected);
  });

  test("is cut at its limit, and says so in itself and in a warning", async () => {
    const file = await create(1024 * 1024);
    await file.write(Buffer.alloc(1024 * 1024 + 7, "x"));
    expect(await file.end()).toEqual(["the log was cut after 1 MiB, 7 bytes more followed"]);
    expect(read("log").slice(1024 * 1024)).toBe("\n[kmvm: the log was cut after 1 MiB, 7 bytes more followed]\n");
  });

  test("has no secret in it, wherever the pieces are cut", async () => {
    const file = await create(1e6, makeRedactor(["canary-secret"]));
    for (const part of ["a canary", "-sec", "ret b"]) await file.write(Buffer.from(part));
    await file.end();
    expect(read("log")).toBe("a [redacted] b");
  });

  test("on a full disk is told as incomplete, and the run goes on", async () => {
    const file = await CappedFile.create({ path: "/dev/full", what: "log", limitBytes: 1e6, redactor: open });
    await file.write(Buffer.from("x"));
    await file.write(Buffer.from("y"));
    expect(await file.end()).toEqual(["the log is incomplete: the disk of this host is full"]);
  });
});

describe("the console", () => {
  async function watch(text: string, offset = 0): Promise<{ console: ConsoleWatch; end: () => Promise<void> }> {
    const path = join(folder, "console.log");
    writeFileSync(path, text);
    const copy = await CappedFile.create({
      path: join(folder, "copy"),
      what: "console",
      limitBytes: 1e6,
      redactor: open,
    });
    const console = new ConsoleWatch(fileConsole(path, offset), copy);
    return {
      console,
      end: async () => {
        await console.stop();
        await copy.end();
      },
    };
  }
  const panic = "[    9.000000] Kernel panic - not syncing: test\n";

  test("is copied while it grows, and an alarm in it is told with what is around it", async () => {
    const { console, end } = await watch("before\n");
    appendFileSync(join(folder, "console.log"), "[    1.000000] Kernel pan");
    await soon(150);
    appendFileSync(join(folder, "console.log"), panic.slice(25));
    appendFileSync(join(folder, "console.log"), "after\n");
    expect(await console.fatal).toMatchObject({ kind: "panic" });
    expect(console.alarmed).toBe(true);
    await end();
    expect(console.excerpt()).toEqual(["before", "[    1.000000] Kernel panic - not syncing: test", "after"]);
    expect(read("copy")).toContain("before\n[    1.000000] Kernel panic");
  });

  test("shows when a kernel boots, and not when somebody prints such a line", async () => {
    const version = "Linux version 6.1.0-28-cloud-amd64\n";
    const { console, end } = await watch(`[    0.000000] ${version}x\n${version}[    0.000000] ${version}`);
    await end();
    expect(console.boots()).toBe(2);
  });

  test("of an earlier run raises no alarm", async () => {
    const { console, end } = await watch(`${panic}now\n`, panic.length);
    await end();
    expect(await Promise.race([console.fatal, soon(10)])).toBeUndefined();
    expect(read("copy")).toBe("now\n");
    expect(console.position()).toBe(panic.length + 4);
  });

  test("keeps the lines around an alarm however much follows", async () => {
    const { console, end } = await watch(`${"noise\n".repeat(2000)}${panic}${"more\n".repeat(5000)}`);
    await end();
    expect(console.excerpt()[15]).toBe(panic.trim());
    expect(console.excerpt()).toHaveLength(75);
  });

  test("that is not there yet is waited for", async () => {
    const { console, end } = await watch("");
    await end();
    expect(console.excerpt()).toEqual([]);
  });
});

describe("a console that cannot be read", () => {
  test("ends no run, and is told", async () => {
    const copy = await CappedFile.create({
      path: join(folder, "copy"),
      what: "console",
      limitBytes: 1e6,
      redactor: open,
    });
    const console = new ConsoleWatch(fileConsole(folder, 0), copy);
    await soon(50);
    await console.caughtUp();
    await console.stop();
    await copy.end();
    expect(console.troubles()).toEqual([expect.stringMatching(/^the console could not be read to its end: EISDIR/)]);
  });
});

describe("what the last run left in a machine", () => {
  test("is known for that machine only", async () => {
    await makeEvidenceFolder(folder, "s");
    await rememberMachine(folder, "s", { machineId: "m", consoleOffset: 5, trees: { a: "k" } });
    expect(await recallMachine(folder, "s", "m")).toEqual({ machineId: "m", consoleOffset: 5, trees: { a: "k" } });
    expect(await recallMachine(folder, "s", "other")).toEqual({ machineId: "other", consoleOffset: 0, trees: {} });
  });
});

describe("the files about a result", () => {
  test("name what is not the tests' own doing as a failed case", async () => {
    writeFileSync(join(folder, "test.log"), "last line\n");
    const machine = { id: "m", imageVersion: "20260101.1-abc", accelerator: "tcg" };
    const bad: RunResult = { ...result, machine, verdict: "infra", reason: "panic", message: "the kernel <panicked>" };
    expect(await writeEvidence(folder, bad)).toEqual([]);
    expect(read("junit.xml")).toContain('name="infra: panic"><failure message="the kernel &lt;panicked&gt;"');
    expect(JSON.parse(read("result.json"))).toEqual(bad);
    expect(JSON.parse(read("timings.json"))).toEqual({ spans: result.spans });
    expect(read("report.html")).toMatch(/image 20260101\.1-abc, tcg[^]*last line/);
  });

  test("name that there were no tests as a failed case", async () => {
    writeFileSync(join(folder, "test.log"), "");
    await writeEvidence(folder, { ...result, verdict: "fail", reason: "no-tests", message: "none" });
    expect(read("junit.xml")).toContain('name="fail: no-tests"><failure message="none"');
  });

  test("do not let a guest write into the report", async () => {
    const evil = "<script>alert(1)</script>";
    writeFileSync(join(folder, "test.log"), evil);
    writeFileSync(join(folder, '"><img src=x>'), "");
    const cases = [{ suite: evil, name: evil, outcome: "failed" as const, message: evil }];
    const steps = [{ name: evil, directory: evil, startedAt: 1, skipped: evil }];
    await writeEvidence(folder, { ...result, message: evil, cases, steps, consoleExcerpt: [evil], warnings: [evil] });
    expect(read("report.html")).not.toMatch(/<script|<img/);
  });

  test("that cannot be written are told", async () => {
    const problems = await writeEvidence(join(folder, "gone"), result);
    expect(problems).toHaveLength(4);
  });
});

describe("a result for the engine's state", () => {
  test("is small, with failed cases first", () => {
    const passed = Array.from({ length: 5000 }, (_, index) => ({
      ...{ suite: "s", name: `n${index}`, outcome: "passed" as const },
    }));
    const failed = { suite: "s", name: "bad", outcome: "failed" as const, message: "x".repeat(4000) };
    const small = smallResult({ ...result, cases: [...passed, failed], message: "y".repeat(9000) });
    expect(small.cases[0]?.name).toBe("bad");
    expect(JSON.stringify(small).length).toBeLessThan(30_000);
    expect(small.warnings).toEqual(["4801 more tests are only in runs/test-ci-1/1/result.json"]);
  });
});

describe("telling the verdict", () => {
  const tell = (of: RunResult) => {
    const lines: string[] = [];
    return { code: tellVerdict(JSON.stringify(of), (line) => lines.push(line)), lines };
  };

  test("a pass is exit code 0", () => {
    expect(tell(result)).toEqual({ code: 0, lines: ["pass: m", "evidence: runs/test-ci-1/1"] });
  });

  test.each(["fail", "timeout", "infra", "cancelled"] as const)("%s is not", (verdict) => {
    expect(tell({ ...result, verdict }).code).toBe(1);
  });

  test("names failed cases, but not without end", () => {
    const cases = Array.from({ length: 30 }, (_, index) => ({
      suite: "s",
      name: `n${index}`,
      outcome: "failed" as const,
    }));
    const { lines } = tell({ ...result, verdict: "fail", cases });
    expect(lines).toContain("  failed: s: n0");
    expect(lines).toContain("  and 10 more");
  });
});
