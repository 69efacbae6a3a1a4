import type * as compute from "@pulumi/azure-native/compute";
import type { compute as inputs } from "@pulumi/azure-native/types/input";
import type { Properties } from "../../../plugin/values";
import type { Resource } from "../fake-arm/state";
import { tableOf, type Mistake } from "../lib/property";
import { ArmError } from "./arm-error";
import { mentioning, type ArmKind } from "./arm-type";
import { bootNewMachine, endMachine, machineType } from "./machine-power";
import { sizes } from "./sizes";
import { getResource, listResources, type Subscription } from "./subscription";

type Given = Readonly<Record<string, unknown>>;
const part = (given: Given, name: string): Given => (given[name] ?? {}) as Given;

/** @see https://learn.microsoft.com/rest/api/compute/virtual-machines/create-or-update */
const table = tableOf<compute.VirtualMachineArgs>({
  hardwareProfile: {
    kind: "object",
    required: true,
    of: tableOf<inputs.HardwareProfileArgs>({ vmSize: { kind: "text", required: true } }),
  },
  zones: { kind: "texts", max: 1 },
  priority: { kind: "choice", of: ["Regular", "Low", "Spot"] },
  evictionPolicy: { kind: "choice", of: ["Deallocate", "Delete"] },
  billingProfile: { kind: "object", of: tableOf<inputs.BillingProfileArgs>({ maxPrice: { kind: "number", min: -1 } }) },
  securityProfile: {
    kind: "object",
    of: tableOf<inputs.SecurityProfileArgs>({
      encryptionAtHost: { kind: "flag" },
      securityType: { kind: "choice", of: ["TrustedLaunch", "ConfidentialVM"] },
      uefiSettings: {
        kind: "object",
        of: tableOf<inputs.UefiSettingsArgs>({ secureBootEnabled: { kind: "flag" }, vTpmEnabled: { kind: "flag" } }),
      },
    }),
  },
  storageProfile: {
    kind: "object",
    required: true,
    of: tableOf<inputs.StorageProfileArgs>({
      diskControllerType: { kind: "choice", of: ["SCSI", "NVMe"] },
      imageReference: {
        kind: "object",
        of: tableOf<inputs.ImageReferenceArgs>({ id: { kind: "text", required: true } }),
      },
      osDisk: {
        kind: "object",
        required: true,
        of: tableOf<inputs.OSDiskArgs>({
          name: { kind: "text" },
          caching: { kind: "choice", of: ["None", "ReadOnly", "ReadWrite"] },
          createOption: { kind: "choice", of: ["FromImage", "Attach", "Empty"], required: true },
          deleteOption: { kind: "choice", of: ["Delete", "Detach"] },
          diskSizeGB: { kind: "number", min: 1, max: 4095 },
          osType: { kind: "choice", of: ["Linux", "Windows"] },
          managedDisk: {
            kind: "object",
            of: tableOf<inputs.ManagedDiskParametersArgs>({
              storageAccountType: {
                kind: "choice",
                of: ["Standard_LRS", "Premium_LRS", "StandardSSD_LRS", "Premium_ZRS", "StandardSSD_ZRS"],
              },
            }),
          },
          diffDiskSettings: {
            kind: "object",
            of: tableOf<inputs.DiffDiskSettingsArgs>({
              option: { kind: "choice", of: ["Local"] },
              placement: { kind: "choice", of: ["CacheDisk", "ResourceDisk", "NvmeDisk"] },
            }),
          },
        }),
      },
    }),
  },
  osProfile: {
    kind: "object",
    required: true,
    of: tableOf<inputs.OSProfileArgs>({
      // https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules#microsoftcompute: Linux, 1 to 64
      computerName: {
        kind: "text",
        required: true,
        pattern: /^[a-zA-Z0-9]([a-zA-Z0-9-]{0,62}[a-zA-Z0-9])?$/,
        allowed: "1 to 64 of letters, digits, -",
      },
      // learn.microsoft.com/rest/api/compute/virtual-machines/create-or-update#osprofile: disallowed names
      adminUsername: {
        kind: "text",
        required: true,
        pattern: /^(?!(admin|administrator|root|guest|test|user|john|console|sys)$)[a-z_][a-z0-9_-]{0,63}$/,
      },
      customData: { kind: "text", pattern: /^[A-Za-z0-9+/]*={0,2}$/, allowed: "base64" },
      allowExtensionOperations: { kind: "flag" },
      linuxConfiguration: {
        kind: "object",
        of: tableOf<inputs.LinuxConfigurationArgs>({
          disablePasswordAuthentication: { kind: "flag" },
          provisionVMAgent: { kind: "flag" },
          ssh: {
            kind: "object",
            of: tableOf<inputs.SshConfigurationArgs>({
              publicKeys: {
                kind: "objects",
                of: tableOf<inputs.SshPublicKeyArgs>({
                  path: { kind: "text", required: true },
                  // learn.microsoft.com/azure/virtual-machines/linux/mac-create-ssh-keys#supported-ssh-key-formats
                  keyData: {
                    kind: "text",
                    required: true,
                    pattern: /^(ssh-rsa|ssh-ed25519) [A-Za-z0-9+/=]+( .*)?\s*$/,
                  },
                }),
              },
            }),
          },
        }),
      },
    }),
  },
  networkProfile: {
    kind: "object",
    required: true,
    of: tableOf<inputs.NetworkProfileArgs>({
      networkInterfaces: {
        kind: "objects",
        of: tableOf<inputs.NetworkInterfaceReferenceArgs>({
          id: { kind: "text", required: true },
          primary: { kind: "flag" },
          deleteOption: { kind: "choice", of: ["Delete", "Detach"] },
        }),
      },
    }),
  },
  diagnosticsProfile: {
    kind: "object",
    of: tableOf<inputs.DiagnosticsProfileArgs>({
      bootDiagnostics: {
        kind: "object",
        of: tableOf<inputs.BootDiagnosticsArgs>({ enabled: { kind: "flag" }, storageUri: { kind: "text" } }),
      },
    }),
  },
  identity: {
    kind: "object",
    of: tableOf<inputs.VirtualMachineIdentityArgs>({
      type: { kind: "choice", of: ["SystemAssigned", "UserAssigned", "SystemAssigned, UserAssigned", "None"] },
      userAssignedIdentities: { kind: "texts" },
    }),
  },
});

function rules(given: Properties): Mistake[] {
  const mistakes: Mistake[] = [];
  const disk = part(part(given, "storageProfile"), "osDisk");
  // https://learn.microsoft.com/azure/virtual-machines/ephemeral-os-disks-deploy: ReadOnly
  if (disk["diffDiskSettings"] !== undefined && disk["caching"] !== "ReadOnly")
    mistakes.push({ path: "storageProfile.osDisk.caching", reason: "an ephemeral disk needs caching ReadOnly" });
  // https://learn.microsoft.com/azure/virtual-machines/spot-vms: eviction is of Spot machines only
  if (given["evictionPolicy"] !== undefined && given["priority"] !== "Spot")
    mistakes.push({ path: "evictionPolicy", reason: "only with priority Spot" });
  const data = part(given, "osProfile")["customData"];
  // https://learn.microsoft.com/azure/virtual-machines/custom-data: 64 KB
  if (typeof data === "string" && data.length > 87380)
    mistakes.push({ path: "osProfile.customData", reason: "longer than 65535 bytes" });
  return mistakes;
}

/** @see https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-resource-quota the texts */
function refuseOverQuota(subscription: Subscription, size: string, spot: boolean): void {
  const wanted = sizes[size];
  if (!wanted) throw new ArmError("InvalidParameter", `The value ${size} provided for the VM size is not valid.`);
  const limit = subscription.store.get<{ id: string; value: number }>("quota", wanted.family)?.value ?? 64;
  const used = listResources(subscription)
    .filter(({ type, power }) => type === machineType && power !== "deallocated")
    .map(({ properties }) => sizes[String(part(properties, "hardwareProfile")["vmSize"])])
    .filter((other) => other?.family === wanted.family)
    .reduce((sum, other) => sum + (other?.vcpus ?? 0), 0);
  if (used + wanted.vcpus <= limit) return;
  const name = spot ? "LowPriorityCores" : `${wanted.family} Cores`;
  throw new ArmError(
    "OperationNotAllowed",
    `Operation could not be completed as it results in exceeding approved ${name} quota. Additional details - Deployment Model: Resource Manager, Location: westus2, Current Limit: ${limit}, Current Usage: ${used}, Additional Required: ${wanted.vcpus}, (Minimum) New Limit Required: ${used + wanted.vcpus}.`,
    409,
  );
}

/** Public addresses of a card. */
function addressesOf(subscription: Subscription, cardId: string): string[] {
  const configurations = getResource(subscription, cardId)?.properties["ipConfigurations"] ?? [];
  return (configurations as { publicIPAddress?: { id: string } }[]).flatMap(
    ({ publicIPAddress }) => publicIPAddress?.id ?? [],
  );
}

function admit(subscription: Subscription, given: Properties, id: string): Properties {
  const size = String(part(given, "hardwareProfile")["vmSize"]);
  refuseOverQuota(subscription, size, given["priority"] === "Spot");
  if (subscription.store.get("exhausted", size))
    // https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-sku-not-available
    throw new ArmError(
      "SkuNotAvailable",
      `The requested VM size for resource '${id}' is currently not available in location 'westus2'. Please try another size or deploy to a different location or different zone.`,
      409,
    );
  const imageId = String(part(part(given, "storageProfile"), "imageReference")["id"]);
  if (!getResource(subscription, imageId))
    throw new ArmError("GalleryImageNotFound", `The gallery image ${imageId} is not available in westus2 region.`, 404);
  const disk = part(part(given, "storageProfile"), "osDisk");
  if (disk["diffDiskSettings"] !== undefined && sizes[size]?.ephemeral === undefined)
    throw new ArmError("OperationNotAllowed", `OS disk of Ephemeral VM is not supported for VM size ${size}.`, 409);
  const cards = (part(given, "networkProfile")["networkInterfaces"] ?? []) as { id: string }[];
  for (const card of cards) {
    if (!getResource(subscription, card.id))
      throw new ArmError("InvalidResourceReference", `Resource ${card.id} referenced by resource ${id} was not found.`);
    for (const addressId of addressesOf(subscription, card.id)) {
      const zones = getResource(subscription, addressId)?.properties["zones"];
      // https://github.com/fortinet/azure-templates/issues/43, https://github.com/Azure/azurehpc/issues/317
      if (given["zones"] !== undefined && JSON.stringify(zones) !== JSON.stringify(given["zones"]))
        throw new ArmError(
          "ComputeResourceZoneConstraintDoesNotMatchPublicIPAddressZoneConstraint",
          `Compute resource ${id} has a zone constraint ${String(given["zones"])} but the PublicIPAddress ${addressId} used by the compute resource via NetworkInterface or LoadBalancer has a different zone constraint ${String(zones ?? "Regional")}.`,
        );
    }
    const [other] = mentioning(subscription, card.id);
    if (other !== undefined)
      throw new ArmError("NicInUse", `Network Interface ${card.id} is used by existing resource ${other}.`);
  }
  return { vmId: `00000000-0000-4000-8000-${imageId.length.toString(16).padStart(12, "0")}` };
}

/** What Resource Manager refuses to change. @see https://github.com/pulumi/pulumi-azure-native/issues/577 and 1117 */
const unchangeable = ["storageProfile.imageReference", "osProfile", "priority", "securityProfile", "zones"];

function at(values: Given, path: string): unknown {
  return path.split(".").reduce<unknown>((value, name) => (value as Given | undefined)?.[name], values);
}

function admitChange(olds: Properties, news: Properties): void {
  for (const path of unchangeable)
    if (JSON.stringify(at(olds, path)) !== JSON.stringify(at(news, path)))
      throw new ArmError("PropertyChangeNotAllowed", `Changing property '${path}' is not allowed.`, 409);
}

/** Cards and addresses that are to go with the machine. */
function ownedBy(subscription: Subscription, machine: Resource): string[] {
  const cards = (part(machine.properties, "networkProfile")["networkInterfaces"] ?? []) as {
    id: string;
    deleteOption?: string;
  }[];
  return cards
    .filter(({ deleteOption }) => deleteOption === "Delete")
    .flatMap(({ id }) => {
      const configurations = (getResource(subscription, id)?.properties["ipConfigurations"] ?? []) as {
        publicIPAddress?: { id: string; deleteOption?: string };
      }[];
      const addresses = configurations.flatMap(({ publicIPAddress }) =>
        publicIPAddress?.deleteOption === "Delete" ? [publicIPAddress.id] : [],
      );
      return [id, ...addresses];
    });
}

export const virtualMachine: ArmKind = {
  type: machineType,
  nameInput: "vmName",
  namePattern: /^[a-zA-Z0-9]([\w-]{0,62}\w)?$/,
  inputs: table,
  rules,
  admit,
  admitChange,
  begin: bootNewMachine,
  async end(subscription, id) {
    const machine = getResource(subscription, id);
    await endMachine(subscription, id);
    // https://learn.microsoft.com/azure/virtual-machines/delete: deleteOption
    if (!machine) return;
    await subscription.store.exclusively(() => {
      for (const owned of ownedBy(subscription, machine)) subscription.store.remove("resource", owned.toLowerCase());
    });
  },
};
