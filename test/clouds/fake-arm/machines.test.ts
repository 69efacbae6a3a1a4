import { describe, expect, test } from "@jest/globals";
import type { Facets } from "../../../components/backends/facets";
import { addMachine, own, tags, version } from "./account";
import { refusal } from "./http";
import type { FakeArm } from "./server";
import { useAccount } from "./use-account";

let arm: FakeArm;
let facets: Facets;
useAccount((account) => {
  ({ arm, facets } = account);
});

describe("the list of machines", () => {
  test("has what tags, instance view and address know of each", async () => {
    const id = addMachine(arm);
    expect(await facets.inventory.list()).toEqual([
      {
        id,
        stack: tags.stack,
        runId: tags.runId,
        state: "running",
        address: "203.0.113.9",
        imageVersion: version(1),
        owner: tags.owner,
        createdAt: tags.createdAt,
        expiresAt: tags.expiresAt,
        backendHash: tags.backendHash,
      },
    ]);
  });

  test.each([
    ["starting", "running"],
    ["stopped", "stopped"],
    ["deallocating", "stopped"],
    ["deallocated", "stopped"],
    ["unknown", "half-made"],
    [undefined, "half-made"],
  ])("says of power state %s that the machine is %s", async (power, state) => {
    addMachine(arm, { power });
    expect(await facets.inventory.list()).toMatchObject([{ state }]);
  });

  test("has none of others: without our tags, or with some of them only", async () => {
    addMachine(arm, { runId: "aaaaaaaa", tags: { owner: "somebody" } });
    addMachine(arm, { runId: "bbbbbbbb", tags: { "kmvm-project": "kmvm" } });
    addMachine(arm, { runId: "cccccccc", tags: { "kmvm-project": "another", "kmvm-created": tags.createdAt } });
    expect(await facets.inventory.list()).toEqual([]);
  });

  test("has a thousand machines, page by page, in calls that do not grow with each", async () => {
    for (let index = 0; index < 1000; index += 1)
      addMachine(arm, { stack: `test-ci-${index}`, runId: index.toString(36).padStart(8, "0") });
    const machines = await facets.inventory.list();
    expect(new Set(machines.map(({ stack }) => stack)).size).toBe(1000);
    expect(machines.every(({ state, address }) => state === "running" && address)).toBe(true);
    expect(arm.requests).toHaveLength(30);
  });

  test("goes on after it was told to wait", async () => {
    addMachine(arm);
    const busy = refusal(429, "TooManyRequests", "slow down", { "retry-after": "0" });
    arm.faults.push({ match: /GET .*(resourcegroups|virtualMachines)$/i, times: 3, answer: busy });
    expect(await facets.inventory.list()).toHaveLength(1);
    expect(arm.requests.length).toBe(6);
  });

  test("that is refused for longer says that calls are throttled", async () => {
    const busy = refusal(429, "TooManyRequests", "slow down", { "retry-after": "0" });
    arm.faults.push({ match: /GET/, times: 100, answer: busy });
    await expect(facets.inventory.list()).rejects.toThrow(/could not list the machines .*: throttled: TooManyRequests/);
  });

  test("of who may not see it names the permission", async () => {
    const denied = refusal(403, "AuthorizationFailed", "does not have authorization to perform action 'x/read'");
    arm.faults.push({ match: /GET .*virtualMachines$/, times: 1, answer: denied });
    await expect(facets.inventory.list()).rejects.toMatchObject({
      message: expect.stringMatching(/: permission: AuthorizationFailed: .*x\/read/),
      hint: expect.stringContaining("docs/azure.md"),
    });
  });

  test("misses what was made a moment ago, and has it later", async () => {
    arm.state.delayListing(addMachine(arm), 1);
    expect(await facets.inventory.list()).toEqual([]);
    expect(await facets.inventory.list()).toHaveLength(1);
  });
});

describe("power", () => {
  const stateOf = async () => (await facets.inventory.list())[0]?.state;

  test("stop returns when nothing is charged any more, start when the machine runs", async () => {
    const id = addMachine(arm);
    await facets.power.stop(id);
    expect(arm.requests.some((line) => line.endsWith("/machine/deallocate"))).toBe(true);
    expect(await stateOf()).toBe("stopped");
    await facets.power.start(id);
    expect(await stateOf()).toBe("running");
  });

  test("stop refuses a machine that has its disk on the host, before the provider does", async () => {
    const id = addMachine(arm, { ephemeral: true });
    await expect(facets.power.stop(id)).rejects.toThrow(/ephemeral disk/);
    expect(arm.requests.filter((line) => line.startsWith("POST"))).toEqual([]);
  });

  test("of a machine that is not there says so", async () => {
    const id = addMachine(arm, { power: undefined });
    await expect(facets.power.start(id)).rejects.toThrow(/there is no machine/);
    await expect(facets.power.stop(`${id}-other`)).rejects.toThrow(/there is no machine/);
  });

  test("reset says that Azure does not do that", async () => {
    await expect(facets.power.reset(addMachine(arm))).rejects.toThrow(/cannot be set back/);
  });

  test("start tells that there is no capacity at the moment", async () => {
    const id = addMachine(arm, { power: "deallocated" });
    const answer = refusal(409, "AllocationFailed", "Allocation failed. We do not have sufficient capacity.");
    arm.faults.push({ match: /POST .*start$/, times: 1, answer });
    await expect(facets.power.start(id)).rejects.toThrow(
      /could not start kmvm-test-ci-1-ab12cd34: capacity: AllocationFailed/,
    );
  });
});

describe("the console", () => {
  test("is what the machine has written, behind a signed address that nobody logs in to", async () => {
    expect(await facets.console.text(addMachine(arm, { console: "Linux version 6.1\nlogin:" }))).toBe(
      "Linux version 6.1\nlogin:",
    );
  });

  test("is empty while there is none yet, and of a machine that is gone", async () => {
    expect(await facets.console.text(addMachine(arm))).toBe("");
    expect(await facets.console.text(addMachine(arm, { runId: "aaaaaaaa", power: undefined }))).toBe("");
    expect(await facets.console.text(`/subscriptions/${own.subscriptionId}/resourceGroups/gone`)).toBe("");
  });
});

describe("destroy", () => {
  test("returns when the group and all in it is gone, and nothing else is", async () => {
    const other = addMachine(arm, { runId: "aaaaaaaa" });
    const before = arm.state.size;
    await facets.destroyer.destroy(addMachine(arm));
    expect(arm.state.size).toBe(before);
    expect(await facets.inventory.list()).toMatchObject([{ id: other }]);
  });

  test("removes a group with no machine in it", async () => {
    await facets.destroyer.destroy(addMachine(arm, { power: undefined }));
    expect(arm.state.size).toBe(0);
  });

  test("succeeds when there is nothing", async () => {
    const id = addMachine(arm);
    await facets.destroyer.destroy(id);
    await facets.destroyer.destroy(id);
  });

  test("refuses a group without our tags and leaves it alone", async () => {
    const id = addMachine(arm, { tags: { owner: "somebody" } });
    await expect(facets.destroyer.destroy(id)).rejects.toThrow(/somebody else's/);
    expect(arm.requests.filter((line) => line.startsWith("DELETE"))).toEqual([]);
    expect(arm.state.get(id)).toBeDefined();
  });

  test("whose answer was lost is done by the next one", async () => {
    const id = addMachine(arm);
    arm.faults.push({ match: /^DELETE/, times: 4, afterwards: true, answer: refusal(400, "ECONNRESET", "lost") });
    await expect(facets.destroyer.destroy(id)).rejects.toThrow(/transient/);
    arm.faults.length = 0;
    await facets.destroyer.destroy(id);
    expect(arm.state.size).toBe(0);
  });

  test("tells what the provider holds against it, and the group is listed still", async () => {
    const id = addMachine(arm);
    arm.faults.push({ match: /^DELETE/, times: 1, answer: refusal(409, "ScopeLocked", "the scope is locked") });
    await expect(facets.destroyer.destroy(id)).rejects.toThrow(/could not delete .*: permission: ScopeLocked/);
    expect(await facets.inventory.list()).toHaveLength(1);
  });
});

describe("what is left", () => {
  test("is a group that is being deleted, which is no machine any more", async () => {
    const id = addMachine(arm);
    arm.faults.push({ match: /^DELETE/, times: 1, afterwards: true, answer: refusal(400, "X", "lost") });
    await expect(facets.destroyer.destroy(id)).rejects.toThrow();
    expect(await facets.inventory.list()).toEqual([]);
    expect(await facets.leftovers.list()).toEqual([
      { id, stage: "being removed", machineId: "test-ci-1-ab12cd34", tags, changedAt: Date.parse(tags.createdAt) },
    ]);
    await facets.leftovers.remove(id);
    expect(await facets.leftovers.list()).toEqual([]);
  });
});
