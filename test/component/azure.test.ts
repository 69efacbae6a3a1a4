import { beforeEach, describe, expect, test } from "@jest/globals";
import * as pulumi from "@pulumi/pulumi";
import { promotedIn } from "../../components/backends/azure/image-reference";
import { signatureKey } from "../../plugin/secrets";
import { declare, valueOf, type Declared, type Registered } from "../support/declare";

const own = {
  subscriptionId: "11111111-2222-3333-4444-555555555555",
  location: "westus2",
  resourceGroup: "kmvm-images",
  gallery: "kmvm",
  expiryIdentityId:
    "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/kmvm-images/providers/Microsoft.ManagedIdentity/userAssignedIdentities/kmvm-expiry",
};

/** With parts of a second, which the provider's workflow does not take. */
const outputs = {
  "kmvm:index:Run": { expiresAt: "2026-01-01T04:00:00.500Z" },
  "kmvm:index:UploadedDisk": { source: "https://images/disk.vhd" },
  "kmvm:index:CallerAddress": { cidr: "192.0.2.7/32" },
  "command:local:Command": { stdout: "/images/disk.vhd" },
  "kmvm:local:Image": { version: "20260101.2-0123456789ab", folder: "/images" },
};

let registered: Registered[];
let promoted: string | undefined;

function declareAzure(settings: Record<string, unknown> = {}, stack = "vm-dev-1"): Promise<Declared> {
  registered = [];
  const answers = {
    "azure-native:compute:getGalleryImage": () => ({ tags: promoted ? { "kmvm-promoted": promoted } : {} }),
  };
  return declare(stack, "azure", { settings: { azure: own, ...settings }, outputs, answers, registered });
}

const one = (type: string): Record<string, unknown> => {
  const found = registered.filter((resource) => resource.type === type);
  expect(found).toHaveLength(1);
  return found[0]?.inputs ?? {};
};
const machine = () => one("azure-native:compute:VirtualMachine");
const inAzure = () => registered.filter(({ type }) => type.startsWith("azure-native:"));

/** An input of the machine by its path, without the mark of a secret. */
function at(path: string): unknown {
  return path.split(".").reduce<unknown>((value, key) => {
    const inner = (value as Record<string, unknown> | undefined)?.[key];
    return typeof inner === "object" && inner !== null && signatureKey in inner
      ? (inner as Record<string, unknown>)["value"]
      : inner;
  }, machine());
}

beforeEach(() => {
  promoted = "20260101.2-0123456789ab";
});

describe("a machine on azure", () => {
  test("is exactly these resources", async () => {
    await declareAzure();
    expect(registered.map(({ type }) => type).sort()).toEqual([
      "azure-native:compute:VirtualMachine",
      "azure-native:logic:Workflow",
      "azure-native:network:NetworkInterface",
      "azure-native:network:NetworkSecurityGroup",
      "azure-native:network:PublicIPAddress",
      "azure-native:network:VirtualNetwork",
      "azure-native:resources:ResourceGroup",
      "kmvm:azure:Machine",
      "kmvm:index:CallerAddress",
      "kmvm:index:Pinned",
      "kmvm:index:Run",
      "kmvm:index:SshKey",
      "kmvm:index:SshKey",
      "kmvm:index:TestVm",
      "pulumi:providers:azure-native",
    ]);
  });

  test("has a resource group of its own, which is named after the run and is where all of it is", async () => {
    await declareAzure();
    const { resourceGroupName } = one("azure-native:resources:ResourceGroup");
    expect(resourceGroupName).toBe("kmvm-vm-dev-1-ab12cd34");
    for (const { inputs } of inAzure()) expect(inputs["resourceGroupName"]).toBe(resourceGroupName);
  });

  test("is in the subscription of the settings, whatever the environment says", async () => {
    await declareAzure();
    expect(one("pulumi:providers:azure-native")["subscriptionId"]).toBe(own.subscriptionId);
  });

  test("is made with the credentials that the verbs find, by the same chain", async () => {
    await declareAzure();
    expect(String(one("pulumi:providers:azure-native")["useDefaultAzureCredential"])).toBe("true");
  });

  test("is in the location of the settings, and carries every tag in the creating call, with all that it has", async () => {
    await declareAzure();
    for (const { inputs } of inAzure()) {
      expect(inputs["location"]).toBe("westus2");
      expect(inputs["tags"]).toMatchObject({
        "kmvm-project": "kmvm",
        "kmvm-backend": expect.stringMatching(/^[0-9a-f]{12}$/),
        "kmvm-stack": "vm-dev-1",
        "kmvm-run": "ab12cd34",
        "kmvm-created": "2026-01-01T00:00:00.000Z",
        "kmvm-expires": "2026-01-01T04:00:00.500Z",
        "kmvm-owner": "me@here",
      });
    }
    expect(one("azure-native:resources:ResourceGroup")["tags"]).toMatchObject({
      "kmvm-image-version": "20260101.2-0123456789ab",
    });
  });

  test("lets in nothing but ssh from the caller", async () => {
    await declareAzure();
    const { securityRules } = one("azure-native:network:NetworkSecurityGroup");
    expect(securityRules).toEqual([
      expect.objectContaining({
        direction: "Inbound",
        access: "Allow",
        protocol: "Tcp",
        sourceAddressPrefix: "192.0.2.7/32",
        destinationPortRange: "22",
      }),
    ]);
    expect(JSON.stringify(inAzure())).not.toMatch(/0\.0\.0\.0|"Internet"|"sourceAddressPrefix":"\*"/);
    expect(one("azure-native:network:VirtualNetwork")["subnets"]).toMatchObject([
      { defaultOutboundAccess: false, networkSecurityGroup: { id: expect.stringContaining("nsg") } },
    ]);
  });

  test("lets in the address of the settings instead, and looks up none then", async () => {
    await declareAzure({ callerCidr: "198.51.100.1/32" });
    expect(JSON.stringify(one("azure-native:network:NetworkSecurityGroup"))).toContain("198.51.100.1/32");
    expect(registered.filter(({ type }) => type === "kmvm:index:CallerAddress")).toEqual([]);
  });

  test("says its security type, with secure boot off: loader and module are unsigned", async () => {
    await declareAzure();
    expect(at("securityProfile")).toEqual({
      securityType: "TrustedLaunch",
      uefiSettings: { secureBootEnabled: false, vTpmEnabled: true },
    });
  });

  test("takes disk, interface and address with it, on a managed disk, which is encrypted", async () => {
    await declareAzure();
    expect(at("storageProfile.osDisk")).toMatchObject({
      createOption: "FromImage",
      deleteOption: "Delete",
      managedDisk: { storageAccountType: "Premium_LRS" },
      diskSizeGB: 20,
    });
    expect(at("storageProfile.osDisk")).not.toHaveProperty("vhd");
    expect(at("networkProfile.networkInterfaces")).toEqual([
      { id: expect.any(String), primary: true, deleteOption: "Delete" },
    ]);
    expect(one("azure-native:network:NetworkInterface")["ipConfigurations"]).toMatchObject([
      { publicIPAddress: { deleteOption: "Delete" } },
    ]);
    expect(one("azure-native:network:PublicIPAddress")["sku"]).toEqual({ name: "Standard" });
  });

  test("is deleted at its expiry by a workflow with an identity of its own, without parts of a second", async () => {
    await declareAzure();
    const workflow = one("azure-native:logic:Workflow");
    expect(workflow["identity"]).toEqual({
      type: "UserAssigned",
      userAssignedIdentities: [own.expiryIdentityId],
    });
    expect(workflow["definition"]).toMatchObject({
      triggers: { expiry: { type: "Recurrence", recurrence: { startTime: "2026-01-01T04:00:01Z" } } },
      actions: {
        delete_group: {
          inputs: {
            method: "DELETE",
            uri: expect.stringContaining(`/subscriptions/${own.subscriptionId}/resourceGroups/kmvm-vm-dev-1-ab12cd34?`),
            authentication: { type: "ManagedServiceIdentity", identity: own.expiryIdentityId },
          },
        },
      },
    });
  });

  test("has no identity, unless it is to fetch from a registry", async () => {
    await declareAzure();
    expect(machine()).not.toHaveProperty("identity");
    const identityId = own.expiryIdentityId.replace("kmvm-expiry", "kmvm-pull");
    await declareAzure({ azure: { ...own, identityId } });
    expect(at("identity.userAssignedIdentities")).toEqual([identityId]);
  });

  test("gets the version that is promoted, by its id", async () => {
    await declareAzure();
    const id = `/subscriptions/${own.subscriptionId}/resourceGroups/kmvm-images/providers/Microsoft.Compute/galleries/kmvm/images/L0-base/versions/20260101.2.1193046`;
    expect(one("kmvm:index:Pinned")).toEqual({ subject: "L0-base", current: "20260101.2-0123456789ab" });
    expect(at("storageProfile.imageReference")).toEqual({ id });
  });

  test("gets the version that the settings name, and asks for no other", async () => {
    promoted = undefined;
    await declareAzure({ image: "L0-base@20261122.3-0123456789ab" });
    expect(at("storageProfile.imageReference.id")).toMatch(/\/images\/L0-base\/versions\/20261122\.3\.1193046$/);
  });

  test("has no secret in its user data but its host key, and that is a secret", async () => {
    await declareAzure({
      githubToken: "canary-token",
      registry: "r.example",
      registryUsername: "u",
      registryPassword: "canary",
    });
    expect(machine()["osProfile"]).toHaveProperty(signatureKey);
    const text = Buffer.from(String(at("osProfile.customData")), "base64").toString();
    expect(text).toMatch(/^#cloud-config\n/);
    expect(text.match(/CANARY-PRIVATE-KEY/g)).toHaveLength(1);
    expect(JSON.stringify(registered.filter(({ type }) => type.startsWith("azure")))).not.toContain("canary");
    expect(text).not.toContain("canary");
  });

  test("lets in nobody by password, and has no agent that runs what it is sent", async () => {
    await declareAzure();
    expect(at("osProfile.linuxConfiguration")).toMatchObject({
      disablePasswordAuthentication: true,
      provisionVMAgent: false,
    });
    expect(at("osProfile.allowExtensionOperations")).toBe(false);
    expect(at("osProfile")).not.toHaveProperty("adminPassword");
  });

  test("writes its console to storage of the provider's own", async () => {
    await declareAzure();
    expect(at("diagnosticsProfile")).toEqual({ bootDiagnostics: { enabled: true } });
  });

  test("is of the size that the need chooses, or the one asked for", async () => {
    await declareAzure({ vcpus: "4" });
    expect(at("hardwareProfile.vmSize")).toBe("Standard_D4s_v5");
    await declareAzure({ size: "Standard_D8ads_v5" });
    expect(at("hardwareProfile.vmSize")).toBe("Standard_D8ads_v5");
  });

  test("that may be taken away goes with all that it has, and costs no more than others", async () => {
    await declareAzure({ spot: "true" });
    expect(machine()).toMatchObject({ priority: "Spot", evictionPolicy: "Delete", billingProfile: { maxPrice: -1 } });
    await declareAzure();
    expect(machine()).not.toHaveProperty("priority");
  });

  test("in a zone has an address of that zone, which another zone does not share; else in none", async () => {
    const address = () => one("azure-native:network:PublicIPAddress");
    await declareAzure({ azure: { ...own, zones: ["2", "1"] } });
    expect([machine()["zones"], address()["zones"]]).toEqual([["2"], ["2"]]);
    const name = address()["publicIpAddressName"];
    await declareAzure({ azure: { ...own, zones: ["2", "1"] }, zone: "1" });
    expect([machine()["zones"], address()["zones"]]).toEqual([["1"], ["1"]]);
    expect(address()["publicIpAddressName"]).not.toBe(name);
    await declareAzure();
    expect(machine()).not.toHaveProperty("zones");
    expect(address()).not.toHaveProperty("zones");
  });

  test("with an ephemeral disk has it where the size has room for it", async () => {
    await declareAzure({ azure: { ...own, osDisk: "ephemeral" } });
    expect(at("hardwareProfile.vmSize")).toBe("Standard_D2ads_v5");
    expect(at("storageProfile.osDisk")).toMatchObject({
      caching: "ReadOnly",
      diffDiskSettings: { option: "Local", placement: "ResourceDisk" },
    });
  });

  test("has other names of interface and address when it is made of something else, and the same ones when not", async () => {
    const name = () => one("azure-native:network:NetworkInterface")["networkInterfaceName"];
    await declareAzure();
    const first = name();
    await declareAzure();
    expect(name()).toBe(first);
    const names = [first];
    for (const other of [{ size: "Standard_D4s_v5" }, { image: "L0-base@20260101.1-0123456789ab" }, { spot: "true" }]) {
      await declareAzure(other);
      names.push(name());
    }
    expect(new Set(names).size).toBe(4);
  });

  test("tells how it is reached, read and charged", async () => {
    const { machine: told } = (await declareAzure()).exports;
    expect(await valueOf(told)).toMatchObject({
      id: "vm-machine-group-id",
      address: "203.0.113.9",
      port: 22,
      user: "kmvm",
      imageVersion: "20260101.2-0123456789ab",
    });
  });
});

test("an image without a promoted version is refused with the command that helps, and without a stack trace", () => {
  expect(promotedIn({ "kmvm-promoted": "1.2.3" }, "L0-base", "kmvm")).toBe("1.2.3");
  const refused = () => promotedIn({ "kmvm-previous": "1.2.3" }, "L0-base", "kmvm");
  expect(refused).toThrow(/kmvm image promote L0-base --backend azure/);
  expect(refused).toThrow(pulumi.RunError);
});

test.each([
  ["size", { size: "Standard_X" }],
  ["size", { size: "Standard_D4as_v4" }],
  ["size", { size: "Standard_D2s_v5", vcpus: "8" }],
  ["start", { start: "warm" }],
  ["isolate", { isolate: "directory" }],
  ["image", { image: "L0-base@latest" }],
])("a wrong %s registers nothing: %j", async (key, configuration) => {
  const failure = declareAzure(configuration);
  await expect(failure).rejects.toThrow(new RegExp(`${key} is`));
  expect(registered).toEqual([]);
});

describe("an image on azure", () => {
  const published = { azure: { ...own, storageAccount: "kmvmimages" } };
  const version = () => one("kmvm:index:ImageVersion");

  test("is exactly these resources", async () => {
    await declareAzure(published, "l0-dev-azure");
    expect(registered.map(({ type }) => type).sort()).toEqual([
      "command:local:Command",
      "kmvm:azure:Image",
      "kmvm:index:BaseImage",
      "kmvm:index:ImageVersion",
      "kmvm:index:UploadedDisk",
      "kmvm:local:Image",
    ]);
  });

  test("is the version of the local store, from the disk that was uploaded", async () => {
    await declareAzure(published, "l0-dev-azure");
    const same = { backend: "azure", image: "L0-base", version: "20260101.2-0123456789ab" };
    expect(one("kmvm:index:UploadedDisk")).toMatchObject({ ...same, file: "/images/disk.vhd" });
    expect(version()).toMatchObject({
      ...same,
      configuration: { gallery: "kmvm", storageAccount: "kmvmimages" },
      source: "https://images/disk.vhd",
      tags: { "kmvm-project": "kmvm", "kmvm-image": "L0-base", "kmvm-image-version": "20260101.2-0123456789ab" },
    });
  });

  test("needs a storage account, and registers nothing of Azure without", async () => {
    await expect(declareAzure({}, "l0-dev-azure")).rejects.toThrow(/needs a storage account/);
    expect(registered.filter(({ type }) => /UploadedDisk|ImageVersion|local:Image/.test(type))).toEqual([]);
  });
});
