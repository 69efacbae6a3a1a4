import { describe, expect, test } from "@jest/globals";
import { azureClients } from "../../../components/backends/azure/clients";
import { facetsOver } from "../../../components/backends/azure/facets";
import {
  expiryRoleDefinition,
  identityRoleDefinition,
  publishRoleDefinition,
  roleDefinition,
} from "../../../components/backends/azure/permissions";
import type { Facets } from "../../../components/backends/facets";
import type { Settings } from "../../../stacks/settings";
import {
  addExpiryIdentity,
  addExpiryRole,
  addGrant,
  addRegistration,
  addSize,
  addUsage,
  addVersion,
  own,
  version,
} from "./account";
import type { FakeArm } from "./server";
import { networkUsageType } from "./subscription";
import { credential } from "./open-account";
import { readRole, roles, useAccount } from "./use-account";

const settings = {
  device: "/dev/kvm",
  vcpus: 4,
  memoryMiB: 2048,
  diskGiB: 20,
  image: "L0-base",
  spot: false,
  azure: own,
} as Settings;

let arm: FakeArm;
let facets: Facets;
useAccount((account) => {
  ({ arm, facets } = account);
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

  test("is that of addresses, too: the limit that leaves least", async () => {
    addUsage(arm, "PublicIPAddresses", 9, 1000, networkUsageType);
    addUsage(arm, "IPv4StandardSkuPublicIpAddresses", 9, 10, networkUsageType);
    addUsage(arm, "VirtualNetworks", 1, 1, networkUsageType);
    expect(await facets.quota?.figures(settings)).toEqual([
      { name: "IPv4StandardSkuPublicIpAddresses", region: "westus2", unit: "address", used: 9, limit: 10, needed: 1 },
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

const mayDelete = ["Microsoft.Resources/subscriptions/resourceGroups/*"];

describe("preflight", () => {
  const everything = () => {
    addGrant(arm, { actions: ["*"], notActions: [], dataActions: ["*"] });
    for (const name of ["Microsoft.Compute", "Microsoft.Network", "Microsoft.Logic", "Microsoft.Storage"])
      addRegistration(arm, name);
    addExpiryIdentity(arm);
    addExpiryRole(arm, mayDelete);
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

  test.each([
    ["has no role", undefined],
    ["may not delete", { scope: undefined, actions: ["Microsoft.Resources/subscriptions/resourceGroups/read"] }],
    [
      "may delete one group only",
      { actions: mayDelete, scope: `/subscriptions/${own.subscriptionId}/resourceGroups/x` },
    ],
  ])("finds that the expiry's identity %s: nothing would end a machine", async (_what, role) => {
    addExpiryIdentity(arm);
    if (role) addExpiryRole(arm, role.actions, role.scope);
    expect(await findings()).toContainEqual(
      expect.objectContaining({
        ...{ name: "expiry", level: "fail" },
        text: expect.stringContaining("Microsoft.Resources/subscriptions/resourceGroups/delete"),
      }),
    );
  });

  test("finds that an identity of the settings may not be given to machines", async () => {
    addGrant(arm, { actions: ["*/read"] });
    expect(await findings()).toContainEqual(
      expect.objectContaining({
        ...{ name: "identity kmvm-expiry", level: "fail" },
        text: expect.stringContaining("userAssignedIdentities/assign/action"),
      }),
    );
  });

  test("takes a size that the zones of the settings have not for one that is not on offer", async () => {
    everything();
    addSize(arm, "Standard_D8s_v5", [{ type: "Zone", restrictionInfo: { zones: ["1", "2"] } }]);
    addSize(arm, "Standard_D8ads_v5", [], ["2"]);
    const sizes = async (zone: string) =>
      (await facets.preflight?.check({ ...settings, vcpus: 8, zone }))?.find(({ name }) => name === "sizes");
    expect(await sizes("1")).toMatchObject({ level: "fail" });
    expect(await sizes("2")).toMatchObject({ level: "warn", fix: "--set size=Standard_D8ads_v5" });
    expect(await sizes("3")).toMatchObject({ level: "ok", text: expect.stringContaining("Standard_D8s_v5") });
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

test("the roles of docs/ are what the preflight looks for, and allow nothing by a pattern", () => {
  expect(roles).toEqual({
    user: roleDefinition,
    identity: identityRoleDefinition,
    publisher: publishRoleDefinition,
  });
  expect(readRole("azure-expiry-role.json")).toEqual(expiryRoleDefinition);
  expect(JSON.stringify(roles)).not.toContain("*");
});
