import "./memory/registered";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { chooseBackend } from "../../cli/chosen-backend";
import type { CliContext } from "../../cli/context";
import { diagnoseBackend } from "../../cli/doctor-backend";
import { allMachines, machinesToMatch } from "../../cli/stack-machines";
import { terminal } from "../../cli/terminal";
import { repositoryRoot } from "../../lib/paths";
import { settingsHelp } from "../../cli/setting-flags";
import { putMachine } from "./memory/facets";

/** The name, as a person writes it. */
const memory = "memory";

let home: string;
let context: CliContext;
const before = process.env["KMVM_HOME"];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "kmvm-test-"));
  process.env["KMVM_HOME"] = home;
  context = { root: repositoryRoot(), home, environment: {}, terminal: terminal() };
  putMachine({
    ...{ id: "room-1", stack: "vm-dev-1", runId: "ab12cd34", state: "running", address: "192.0.2.1" },
    ...{ imageVersion: "1", owner: "me@here", backendHash: "ours" },
    ...{ createdAt: "2026-01-01T00:00:00Z", expiresAt: "2026-01-01T04:00:00Z" },
  });
});
afterEach(() => {
  process.env["KMVM_HOME"] = before;
  rmSync(home, { recursive: true });
});

test("a backend that was added is listed by the verbs, and they have power over its machines", async () => {
  const [found] = await allMachines(context);
  expect(found).toMatchObject({ backend: memory, machine: { id: "room-1", state: "running" } });
  await found?.facets.power.stop("room-1");
  expect((await machinesToMatch(context, "room-1"))[0]?.machine.state).toBe("stopped");
  await found?.facets.destroyer.destroy("room-1");
  await found?.facets.destroyer.destroy("room-1");
  expect(await allMachines(context)).toEqual([]);
});

test("a backend that was added has its settings and its problems told as all others", async () => {
  expect(settingsHelp).toContain(memory);
  const flags = { backend: memory, profile: "dev" as const };
  const chosen = await chooseBackend(context, flags, { [memory]: '{"rooms":1}' });
  expect(await chosen.facets.quota?.figures(chosen.settings)).toMatchObject([{ limit: 1, used: 1, needed: 1 }]);
  await expect(chooseBackend(context, flags, { vcpus: 8, maxCostUsd: 0.01 })).rejects.toThrow(/^1 problem.*\n.*vcpus/);
  await expect(chooseBackend(context, flags, { maxCostUsd: 0.01 })).rejects.toThrow(/maxCostUsd.*\$2\.00/);
});

test("the doctor says of it what can be said: settings, quota and price", async () => {
  const seen = await diagnoseBackend(context, { backend: memory, profile: "dev" });
  expect(seen.map(({ check, health }) => `${check} ${health}`)).toEqual(["settings ok", "quota ok", "price ok"]);
  expect(seen.at(-1)?.why).toMatch(/^at most \$2\.00: memory\.large in here at \$0\.5 an hour/);
});
