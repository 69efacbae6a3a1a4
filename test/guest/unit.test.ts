import { existsSync } from "node:fs";
import { appendFile, mkdir, rm, rmdir } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { retryUntil } from "../../lib/retry";
import { Guest } from "./guest";

const cgroup = "sys/fs/cgroup/system.slice/kmvm-test.service";

let guest: Guest;
beforeEach(async () => {
  guest = await Guest.make();
  await guest.source("a", "echo testing");
});
afterEach(() => guest.remove());

const status = async (): Promise<unknown> => JSON.parse((await guest.run("status")).output);
const starts = async () => (await guest.calls()).filter((call) => call.startsWith("systemd-run")).length;
const until = (what: string, is: () => boolean | Promise<boolean>) =>
  retryUntil({ what, timeoutMs: 40_000, intervalMs: 20, attempt: async () => (await is()) || undefined });
const untilEnded = () => until("the end of the unit", () => !existsSync(guest.path(cgroup)));

describe("start", () => {
  test("starts a run once, however often it is told", async () => {
    for (let times = 0; times < 3; times++) expect((await guest.run("start")).code).toBe(0);
    await untilEnded();
    expect(await starts()).toBe(1);
  });

  test("starts a run once when told several times at the same time", async () => {
    const all = await Promise.all(Array.from({ length: 6 }, () => guest.run("start")));
    expect(all.map(({ code }) => code)).toEqual(all.map(() => 0));
    await untilEnded();
    expect(await starts()).toBe(1);
  });

  test("another attempt begins afresh, and ends what is left of the one before", async () => {
    await guest.run("start");
    await untilEnded();
    await guest.write("var/lib/kmvm/run/results/old.tap", "");
    await guest.write("run/systemd/transient/kmvm-test.service", "");
    await guest.settings({ ATTEMPT: "2" });
    expect((await guest.run("start")).code).toBe(0);
    await untilEnded();
    expect(await starts()).toBe(2);
    expect(existsSync(guest.path("var/lib/kmvm/run/results/old.tap"))).toBe(false);
    expect(await guest.calls()).toContain("systemctl reset-failed kmvm-test.service");
    expect(await status()).toMatchObject({ attempt: 2, phase: "finished", exitCode: 0 });
  });

  test("that failed can be repeated", async () => {
    await guest.write("refuse-systemd-run", "");
    expect((await guest.run("start")).code).toBe(1);
    expect(await status()).toMatchObject({ phase: "none" });
  });

  test("has the time limit from the settings", async () => {
    await guest.settings({ TIMEOUT: "77" });
    await guest.run("start");
    await untilEnded();
    expect((await guest.calls())[0]).toContain("--property=RuntimeMaxSec=77 ");
  });
});

describe("status", () => {
  test("of a machine in which nothing was started", async () => {
    expect(await status()).toMatchObject({ runId: "", attempt: 0, phase: "none", exitCode: null, logBytes: 0 });
  });

  test("of a run that goes on, and of one that has ended", async () => {
    await guest.source("a", `for i in $$(seq 300); do [ -e ${guest.path("go-on")} ] && break; sleep 0.1; done; exit 1`);
    await guest.run("start");
    expect(await status()).toMatchObject({ runId: "r1", attempt: 1, phase: "running", exitCode: null });
    await guest.write("go-on", "");
    await untilEnded();
    const log = await guest.read("var/lib/kmvm/run/test.log");
    expect(await status()).toMatchObject({ phase: "finished", exitCode: 1, logBytes: log.length });
  });

  test("of a run without a record of its end: interrupted, or at its time limit", async () => {
    await guest.write("var/lib/kmvm/run/attempt", "r1 1");
    expect(await status()).toMatchObject({ phase: "interrupted", exitCode: null });
    await guest.write("unit-result", "Result=timeout\n");
    expect(await status()).toMatchObject({ phase: "finished", exitCode: null, result: "timeout" });
  });

  test("of a run that has ended takes no word of systemd's", async () => {
    await guest.write("var/lib/kmvm/run/attempt", "r1 1");
    await guest.write("run/kmvm/run/exit", "0");
    expect(await status()).toMatchObject({ phase: "finished", exitCode: 0, result: "" });
    expect((await guest.calls()).join()).not.toContain("systemctl");
  });
});

describe("follow", () => {
  const log = "var/lib/kmvm/run/test.log";

  test("gives the log from a byte on, as it grows, and ends with the last byte of the last process", async () => {
    await guest.write(log, "0123456789");
    await mkdir(guest.path(cgroup), { recursive: true });
    const following = guest.start("follow", "4");
    let seen = "";
    following.stdout.on("data", (chunk) => (seen += String(chunk)));
    await until("what there was", () => seen === "456789");
    await appendFile(guest.path(log), "no line end");
    await until("what came then", () => seen.endsWith("no line end"));
    // What is written just before the end is what is easily lost.
    await appendFile(guest.path(log), "the last");
    await rmdir(guest.path(cgroup));
    expect((await following).stdout).toBe("456789no line endthe last");
  });

  test("loses nothing of a log that is written at full speed", async () => {
    await guest.source("a", "seq 1 3000000");
    await guest.run("start");
    const { stdout } = await guest.start("follow", "0");
    expect(stdout.length).toBeGreaterThan(20_000_000);
    expect(stdout === (await guest.read(log))).toBe(true);
  });

  test("of a run that has ended gives what there is", async () => {
    await guest.write(log, "all of it");
    expect(await guest.run("follow", "0")).toEqual({ code: 0, output: "all of it" });
    expect(await guest.run("follow", "9")).toEqual({ code: 0, output: "" });
  });

  test("without a log says so", async () => {
    expect(await guest.run("follow", "0")).toEqual({ code: 1, output: "there is no log: nothing was started\n" });
  });

  test("leaves no process behind when its connection is gone", async () => {
    await guest.write(log, "");
    await mkdir(guest.path(cgroup), { recursive: true });
    const following = guest.start("follow", "0");
    const { stdout } = following;
    // Before there is anything to see: what came while nobody listened does not come again.
    const seen = new Promise((resolve) => stdout.once("data", resolve));
    await appendFile(guest.path(log), "x");
    await seen;
    stdout.destroy();
    following.stderr.destroy();
    following.all.destroy();
    // Again and again: what is written before the pipe is really closed is no broken pipe.
    let ended = false;
    void following.finally(() => (ended = true));
    await until("the end", async () => {
      await appendFile(guest.path(log), "y");
      return ended;
    });
    expect(existsSync(guest.path(cgroup))).toBe(true);
  });
});

describe("km-test by a person", () => {
  test("runs the same steps again and leaves the run's records as they are", async () => {
    await guest.run("start");
    await untilEnded();
    const before = await guest.read("run/kmvm/run/steps.jsonl");
    await guest.source("a", "echo again; exit 1");
    const { code, output } = await guest.run("km-test");
    expect(code).toBe(1);
    expect(output).toContain("==> test a");
    expect(output).toContain("again");
    expect(output).toContain(`results and artifacts are in ${guest.path("var/lib/kmvm/replay")}`);
    expect(await guest.read("run/kmvm/run/steps.jsonl")).toBe(before);
    expect(await status()).toMatchObject({ phase: "finished", exitCode: 0 });
  });

  test("is refused while the run goes on", async () => {
    await mkdir(guest.path(cgroup), { recursive: true });
    expect(await guest.run("km-test")).toMatchObject({ code: 2, output: expect.stringContaining("still going on") });
  });

  test("without settings, as after a reboot, says what is missing", async () => {
    await rm(guest.path("run/kmvm/settings.env"));
    const { code, output } = await guest.run("km-test");
    expect(code).toBe(3);
    expect(output).toContain("settings do not outlive a reboot");
  });

  test("takes no arguments", async () => {
    expect((await guest.run("km-test", "--fast")).code).toBe(2);
  });
});
