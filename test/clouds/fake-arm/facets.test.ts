import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { azureClients } from "../../../components/backends/azure/clients";
import { facetsOver } from "../../../components/backends/azure/facets";
import { galleryVersion } from "../../../components/backends/azure/names";
import { missing, roleDefinition } from "../../../components/backends/azure/permissions";
import type { Facets } from "../../../components/backends/facets";
import { repositoryRoot } from "../../../lib/paths";
import type { Settings } from "../../../stacks/settings";
import {
  addExpiryIdentity,
  addGrant,
  addMachine,
  addRegistration,
  addSize,
  addUsage,
  addVersion,
  galleryId,
  own,
  tags,
  version,
} from "./account";
import { refusal } from "./http";
import { FakeArm, token } from "./server";

let arm: FakeArm;
let facets: Facets;

const settings = {
  device: "/dev/kvm",
  vcpus: 4,
  memoryMiB: 2048,
  diskGiB: 20,
  image: "L0-base",
  spot: false,
  azure: own,
} as Settings;

const credential = { getToken: () => Promise.resolve({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) };

function start(options: { pageSize?: number } = {}): Promise<void> {
  arm = new FakeArm({ subscriptionId: own.subscriptionId, ...options });
  const transport = {
    httpClient: {
      sendRequest: (request: Parameters<ReturnType<FakeArm["httpClient"]>["sendRequest"]>[0]) =>
        arm.httpClient().sendRequest(request),
    },
    retryOptions: { maxRetries: 3, retryDelayInMs: 1, maxRetryDelayInMs: 5 },
    pollMs: 1,
  };
  const clients = azureClients(own, credential, transport);
  facets = facetsOver(own, () => Promise.resolve({ clients, credential, pollMs: 1 }));
  return arm.listen();
}

beforeEach(() => start());
/** Actions that any of the tests needed. */
const needed = new Set<string>();

afterEach(async () => {
  await arm.close();
  for (const action of arm.actions) needed.add(action);
  // Nothing was asked that the real one is not known to answer.
  expect(arm.unknown).toEqual([]);
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
      hint: expect.stringContaining("docs/azure-role.json"),
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

describe("quota", () => {
  test("is that of the size's family and that of the region", async () => {
    addUsage(arm, "cores", 46, 100);
    addUsage(arm, "Standard DSv5 Family", 44, 48);
    addUsage(arm, "lowPriorityCores", 0, 10);
    expect(await facets.quota?.figures(settings)).toEqual([
      { name: "standardDSv5Family", region: "westus2", unit: "vCPU", used: 44, limit: 48, needed: 4 },
      { name: "cores", region: "westus2", unit: "vCPU", used: 46, limit: 100, needed: 4 },
    ]);
  });

  test("of a machine that may be taken away is another one", async () => {
    addUsage(arm, "cores", 46, 100);
    addUsage(arm, "lowPriorityCores", 8, 10);
    expect(await facets.quota?.figures({ ...settings, spot: true })).toMatchObject([
      { name: "lowPriorityCores", used: 8 },
    ]);
  });
});

describe("preflight", () => {
  const everything = () => {
    addGrant(arm, { actions: ["*"], notActions: [], dataActions: ["*"] });
    for (const name of ["Microsoft.Compute", "Microsoft.Network", "Microsoft.Logic", "Microsoft.Storage"])
      addRegistration(arm, name);
    addExpiryIdentity(arm);
    addSize(arm, "Standard_D4s_v5");
    addVersion(arm, version(1));
  };
  const findings = async () => (await facets.preflight?.check(settings)) ?? [];

  test("of an account that is set up finds nothing, and changes nothing", async () => {
    everything();
    await facets.images?.promote("L0-base", version(1));
    arm.requests.length = 0;
    expect((await findings()).filter(({ level }) => level !== "ok")).toEqual([]);
    expect(arm.requests.every((line) => line.startsWith("GET"))).toBe(true);
  });

  test("of one that is not names everything that is missing, and what to do", async () => {
    addGrant(arm, { actions: ["*/read"], notActions: ["Microsoft.Compute/disks/read"] });
    addRegistration(arm, "Microsoft.Compute");
    addRegistration(arm, "Microsoft.Logic", "NotRegistered");
    addSize(arm, "Standard_D4s_v5", [{ type: "Location", reasonCode: "NotAvailableForSubscription" }]);
    const found = Object.fromEntries((await findings()).map((one) => [one.name, one]));
    expect(found["permissions"]).toMatchObject({
      level: "fail",
      text: expect.stringContaining("Microsoft.Compute/virtualMachines/write"),
    });
    expect(found["permissions"]?.text).toContain("Microsoft.Compute/disks/read");
    expect(found["permissions"]?.text).not.toContain("virtualMachines/read");
    expect(found["images"]).toMatchObject({ level: "warn" });
    expect(found["providers"]).toMatchObject({
      level: "fail",
      fix: expect.stringContaining("az provider register --namespace Microsoft.Logic"),
    });
    expect(found["expiry"]).toMatchObject({ level: "fail" });
    expect(found["sizes"]).toMatchObject({ level: "fail" });
    expect(found["image"]).toMatchObject({ level: "fail" });
  });

  test("names the size that is on offer instead", async () => {
    everything();
    addSize(arm, "Standard_D8ads_v5");
    arm.state.list("Fake/sku");
    const vcpus8 = { ...settings, vcpus: 8 };
    const found = await facets.preflight?.check(vcpus8);
    expect(found).toContainEqual(
      expect.objectContaining({ name: "sizes", level: "warn", fix: "--set size=Standard_D8ads_v5" }),
    );
  });

  test("of nobody says so and asks no more", async () => {
    const clients = azureClients(own, credential, { httpClient: arm.httpClient() });
    const nobody = {
      getToken: () => Promise.reject(Object.assign(new Error("none"), { name: "CredentialUnavailableError" })),
    };
    const other = facetsOver(own, () => Promise.resolve({ clients, credential: nobody }));
    expect(await other.preflight?.check(settings)).toMatchObject([{ name: "credentials", level: "fail" }]);
    expect(arm.requests).toEqual([]);
  });
});

describe("published versions", () => {
  const rows = async () =>
    ((await facets.images?.list("L0-base")) ?? []).map(({ version, promoted, inUse }) => ({
      version,
      promoted,
      inUse,
    }));
  const excluded = (local: string) =>
    (
      arm.state.get(`${galleryId}/images/L0-base/versions/${galleryVersion(local)}`)?.properties[
        "publishingProfile"
      ] as {
        excludeFromLatest: boolean;
      }
    ).excludeFromLatest;

  test("are in the order of their numbers, with what is promoted and what machines were made of", async () => {
    for (const one of [version(10), version(9), version(1)]) addVersion(arm, one);
    addMachine(arm);
    await facets.images?.promote("L0-base", version(9));
    expect(await rows()).toEqual([
      { version: version(1), promoted: false, inUse: true },
      { version: version(9), promoted: true, inUse: false },
      { version: version(10), promoted: false, inUse: false },
    ]);
  });

  test("are none of an image that was never published", async () => {
    expect(await rows()).toEqual([]);
  });

  test("are promoted by one change of a tag, and back", async () => {
    for (const one of [version(1), version(2)]) addVersion(arm, one);
    await facets.images?.promote("L0-base", version(1));
    await facets.images?.promote("L0-base", version(2));
    expect(arm.state.get(`${galleryId}/images/L0-base`)?.tags).toEqual({
      kept: "yes",
      "kmvm-promoted": version(2),
      "kmvm-previous": version(1),
    });
    expect(await facets.images?.list("L0-base")).toMatchObject([{ previous: true }, { previous: false }]);
    expect([excluded(version(1)), excluded(version(2))]).toEqual([false, false]);
    await facets.images?.promote("L0-base", version(1));
    // The bad one is not the latest for those either who ask for that.
    expect([excluded(version(1)), excluded(version(2))]).toEqual([false, true]);
    expect(arm.requests.filter((line) => line.startsWith("PATCH"))).toHaveLength(3);
  });

  test("that were promoted stay so where the promotion of another one fails", async () => {
    for (const one of [version(1), version(2)]) addVersion(arm, one);
    await facets.images?.promote("L0-base", version(1));
    arm.faults.push({ match: /^PUT/, times: 1, answer: refusal(409, "Conflict", "no") });
    await expect(facets.images?.promote("L0-base", version(2))).rejects.toThrow(/could not promote/);
    expect(await rows()).toMatchObject([{ promoted: true }, { promoted: false }]);
  });

  test("that are not whole, or not there, are not promoted", async () => {
    addVersion(arm, version(1), { provisioningState: "Creating" });
    for (const one of [version(1), version(2)])
      await expect(facets.images?.promote("L0-base", one)).rejects.toThrow(/no whole version/);
  });

  test("are removed, but for the promoted one and those that a machine was made of", async () => {
    for (const one of [version(1), version(2), version(3)]) addVersion(arm, one);
    addMachine(arm);
    await facets.images?.promote("L0-base", version(3));
    await expect(facets.images?.remove("L0-base", version(3))).rejects.toThrow(/is the promoted version/);
    await expect(facets.images?.remove("L0-base", version(1))).rejects.toThrow(/a machine was made of/);
    await facets.images?.remove("L0-base", version(2));
    await facets.images?.remove("L0-base", version(2));
    expect((await rows()).map(({ version }) => version)).toEqual([version(1), version(3)]);
  });
});

describe("the role of docs/azure-role.json", () => {
  const role = JSON.parse(
    readFileSync(join(repositoryRoot(), "docs/azure-role.json"), "utf8"),
  ) as typeof roleDefinition;

  test("is what the preflight looks for", () => {
    expect(role).toEqual(roleDefinition);
  });

  // The last of the file: it judges what all others have called.
  test("allows every call that the verbs made, and nothing by a pattern", () => {
    expect(needed.size).toBeGreaterThan(15);
    // The ends of what takes long are asked for with rights of their own.
    expect([...needed]).toEqual(
      expect.arrayContaining([
        "Microsoft.Compute/locations/operations/read",
        "Microsoft.Compute/locations/capsOperations/read",
        "Microsoft.Resources/subscriptions/operationresults/read",
      ]),
    );
    const grants = [{ actions: role.Actions, dataActions: role.DataActions }];
    expect(
      missing(
        [...needed].map((action) => ({ action, why: "" })),
        grants,
      ),
    ).toEqual([]);
    expect(JSON.stringify(role)).not.toContain("*");
  });
});
