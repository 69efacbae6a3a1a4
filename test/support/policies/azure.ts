import { tagNames } from "../../../lib/tags";
import { valuesAt, type CloudPolicies, type Made, type TypePolicy } from "./policy";

const group = "azure-native:resources:ResourceGroup";
const workflow = "azure-native:logic:Workflow";

const ofMachine = { of: "machine", tags: ["tags"] } as const satisfies TypePolicy;
const ofType = (made: readonly Made[], type: string): readonly Made[] => made.filter((one) => one.type === type);
const first = (inputs: unknown, path: string): string => String(valuesAt(inputs, path)[0] ?? "");

export const azurePolicies: CloudPolicies = {
  // Versions of images are made by our own plugin.
  prefixes: ["azure-native:", "kmvm:index:ImageVersion"],
  types: {
    [group]: ofMachine,
    [workflow]: {
      ...ofMachine,
      must: {
        "identity.type": "UserAssigned",
        "definition.triggers.expiry.recurrence.frequency": "Minute",
        "definition.actions.delete_group.inputs.method": "DELETE",
        "definition.actions.delete_group.inputs.authentication.type": "ManagedServiceIdentity",
      },
    },
    "azure-native:network:NetworkSecurityGroup": {
      ...ofMachine,
      must: {
        "securityRules[*].access": "Allow",
        "securityRules[*].direction": "Inbound",
        "securityRules[*].protocol": "Tcp",
        "securityRules[*].sourceAddressPrefix": { is: "caller" },
        "securityRules[*].destinationPortRange": "22",
      },
      never: ["securityRules[*].sourceAddressPrefixes", "securityRules[*].destinationPortRanges"],
    },
    "azure-native:network:VirtualNetwork": {
      ...ofMachine,
      must: { "subnets[*].defaultOutboundAccess": false, "subnets[*].networkSecurityGroup.id": /./ },
    },
    // A Standard one is closed to what no rule lets in.
    "azure-native:network:PublicIPAddress": { ...ofMachine, must: { "sku.name": "Standard" } },
    "azure-native:network:NetworkInterface": {
      ...ofMachine,
      must: { "ipConfigurations[*].publicIPAddress.deleteOption": "Delete" },
      never: ["enableIPForwarding"],
    },
    "azure-native:compute:VirtualMachine": {
      ...ofMachine,
      must: {
        "securityProfile.securityType": "TrustedLaunch",
        // Encrypted at rest, always: learn.microsoft.com/azure/virtual-machines/disk-encryption.
        "storageProfile.osDisk.managedDisk.storageAccountType": /_LRS$/,
        "storageProfile.osDisk.deleteOption": "Delete",
        "networkProfile.networkInterfaces[*].deleteOption": "Delete",
        "osProfile.linuxConfiguration.disablePasswordAuthentication": true,
        "osProfile.linuxConfiguration.provisionVMAgent": false,
        "osProfile.allowExtensionOperations": false,
      },
      never: [
        "identity",
        "osProfile.adminPassword",
        "osProfile.secrets",
        "diagnosticsProfile.bootDiagnostics.storageUri",
      ],
      userData: { path: "osProfile.customData", encoding: "base64" },
    },
    "kmvm:index:ImageVersion": { of: "image", tags: ["tags"] },
  },
  together: [
    {
      what: "every group is deleted at its expiry, by a workflow",
      broken: (made) => {
        const ends = ofType(made, workflow).map(({ inputs }) =>
          Date.parse(first(inputs, "definition.triggers.expiry.recurrence.startTime")),
        );
        return ofType(made, group)
          .map(({ inputs }) => first(valuesAt(inputs, "tags")[0], tagNames.expiresAt))
          .filter((expiry) => {
            // A start time has whole seconds only; not before its time.
            const late = ends.map((end) => end - Date.parse(expiry));
            return !late.some((milliseconds) => milliseconds >= 0 && milliseconds <= 1000);
          })
          .map((expiry) => `no workflow starts at ${expiry}`);
      },
    },
    {
      what: "a workflow deletes the group that it is in",
      broken: (made) =>
        ofType(made, workflow)
          .filter(({ inputs }) => {
            const uri = first(inputs, "definition.actions.delete_group.inputs.uri");
            return !uri.includes(`/resourceGroups/${first(inputs, "resourceGroupName")}?`);
          })
          .map(({ inputs }) => first(inputs, "definition.actions.delete_group.inputs.uri")),
    },
  ],
};
