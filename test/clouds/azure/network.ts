import type * as network from "@pulumi/azure-native/network";
import type { network as inputs } from "@pulumi/azure-native/types/input";
import type { Properties } from "../../../plugin/values";
import { randomHex } from "../lib/rehearsed";
import { tableOf, type Mistake, type Table } from "../lib/property";
import { ArmError } from "./arm-error";
import { mentioning, type ArmKind } from "./arm-type";
import { getResource, listResources, type Subscription } from "./subscription";

/** Names of things of a network. @see https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules#microsoftnetwork */
const namePattern = /^[a-zA-Z0-9]([\w.-]{0,78}\w)?$/;

const reference: Table = { id: { kind: "text", required: true } };

/** @throws ArmError where what is referred to is not there */
function needed(subscription: Subscription, id: unknown, by: string): void {
  // https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors InvalidResourceReference
  const parent = typeof id === "string" ? id.replace(/\/subnets\/[^/]+$/, "") : "";
  const found = getResource(subscription, parent);
  const subnet = /\/subnets\/([^/]+)$/.exec(String(id))?.[1];
  const subnets = (found?.properties["subnets"] ?? []) as { name?: string }[];
  if (!found || (subnet !== undefined && !subnets.some(({ name }) => name === subnet)))
    throw new ArmError(
      "InvalidResourceReference",
      `Resource ${String(id)} referenced by resource ${by} was not found.`,
    );
}

/** @see https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview#security-rules */
const securityRule = tableOf<inputs.SecurityRuleArgs>({
  name: { kind: "text", required: true },
  description: { kind: "text", pattern: /^.{0,140}$/s },
  priority: { kind: "number", min: 100, max: 4096, required: true },
  direction: { kind: "choice", of: ["Inbound", "Outbound"], required: true },
  access: { kind: "choice", of: ["Allow", "Deny"], required: true },
  protocol: { kind: "choice", of: ["Tcp", "Udp", "Icmp", "Esp", "Ah", "*"], required: true },
  sourceAddressPrefix: { kind: "text" },
  sourcePortRange: { kind: "text", pattern: /^(\*|\d{1,5}(-\d{1,5})?)$/ },
  destinationAddressPrefix: { kind: "text" },
  destinationPortRange: { kind: "text", pattern: /^(\*|\d{1,5}(-\d{1,5})?)$/ },
});

export const securityGroupType = "Microsoft.Network/networkSecurityGroups";

export const securityGroup: ArmKind = {
  type: securityGroupType,
  nameInput: "networkSecurityGroupName",
  namePattern,
  inputs: tableOf<network.NetworkSecurityGroupArgs>({ securityRules: { kind: "objects", of: securityRule } }),
  rules({ securityRules }): Mistake[] {
    const rules = (securityRules ?? []) as Properties[];
    const keys = rules.map(({ direction, priority }) => `${String(direction)} ${String(priority)}`);
    // Two rules of one direction cannot have one priority.
    return new Set(keys).size < keys.length
      ? [{ path: "securityRules", reason: "SecurityRuleConflict: priorities" }]
      : [];
  },
  users: (subscription, id) => ({
    code: "InUseNetworkSecurityGroupCannotBeDeleted",
    ids: mentioning(subscription, id),
  }),
};

export const virtualNetwork: ArmKind = {
  type: "Microsoft.Network/virtualNetworks",
  nameInput: "virtualNetworkName",
  namePattern,
  inputs: tableOf<network.VirtualNetworkArgs>({
    // The SDK says false to both where the program says nothing.
    enableDdosProtection: { kind: "flag" },
    enableVmProtection: { kind: "flag" },
    addressSpace: {
      kind: "object",
      required: true,
      of: tableOf<inputs.AddressSpaceArgs>({ addressPrefixes: { kind: "texts", min: 1 } }),
    },
    subnets: {
      kind: "objects",
      of: tableOf<inputs.SubnetArgs>({
        name: { kind: "text", required: true },
        addressPrefix: { kind: "text" },
        defaultOutboundAccess: { kind: "flag" },
        networkSecurityGroup: { kind: "object", of: reference },
      }),
    },
  }),
  admit(subscription, { subnets }, id) {
    for (const { networkSecurityGroup } of (subnets ?? []) as { networkSecurityGroup?: { id: string } }[])
      if (networkSecurityGroup) needed(subscription, networkSecurityGroup.id, id);
    return {};
  },
  users: (subscription, id) => ({ code: "InUseSubnetCannotBeDeleted", ids: mentioning(subscription, id) }),
};

export const addressType = "Microsoft.Network/publicIPAddresses";

/** A loopback address that no other of the subscription has. */
function freeAddress(subscription: Subscription): string {
  const taken = new Set(listResources(subscription).map(({ properties }) => properties["ipAddress"]));
  for (;;) {
    const [a = 0, b = 0, c = 0] = Buffer.from(randomHex(6), "hex");
    const address = `127.${2 + (a % 250)}.${b}.${1 + (c % 254)}`;
    if (!taken.has(address)) return address;
  }
}

export const publicAddress: ArmKind = {
  type: addressType,
  nameInput: "publicIpAddressName",
  namePattern,
  inputs: tableOf<network.PublicIPAddressArgs>({
    sku: {
      kind: "object",
      replaces: true,
      // https://azure.microsoft.com/updates: Basic was retired on 30 September 2025
      of: tableOf<inputs.PublicIPAddressSkuArgs>({
        name: { kind: "choice", of: ["Standard", "StandardV2"] },
        tier: { kind: "text" },
      }),
    },
    // https://learn.microsoft.com/azure/virtual-network/ip-services/public-ip-addresses#availability-zone: set once
    zones: { kind: "texts", replaces: true },
    publicIPAllocationMethod: { kind: "choice", of: ["Static", "Dynamic"] },
    publicIPAddressVersion: { kind: "choice", of: ["IPv4", "IPv6"] },
    idleTimeoutInMinutes: { kind: "number", min: 4, max: 30 },
    deleteOption: { kind: "choice", of: ["Delete", "Detach"] },
  }),
  rules({ sku, publicIPAllocationMethod }): Mistake[] {
    // https://learn.microsoft.com/azure/virtual-network/ip-services/public-ip-addresses#sku: Standard is static only
    const isStandard = (sku as { name?: string } | undefined)?.name === "Standard";
    if (!isStandard) return [{ path: "sku", reason: "without sku Standard it would be Basic, which is retired" }];
    return publicIPAllocationMethod === "Static"
      ? []
      : [{ path: "publicIPAllocationMethod", reason: "Standard addresses must be Static" }];
  },
  admit: (subscription) => ({ ipAddress: freeAddress(subscription) }),
  users: (subscription, id) => ({ code: "PublicIPAddressCannotBeDeleted", ids: mentioning(subscription, id) }),
};

export const interfaceType = "Microsoft.Network/networkInterfaces";

export const networkInterface: ArmKind = {
  type: interfaceType,
  nameInput: "networkInterfaceName",
  namePattern,
  inputs: tableOf<network.NetworkInterfaceArgs>({
    networkSecurityGroup: { kind: "object", of: reference },
    enableAcceleratedNetworking: { kind: "flag" },
    ipConfigurations: {
      kind: "objects",
      required: true,
      of: tableOf<inputs.NetworkInterfaceIPConfigurationArgs>({
        name: { kind: "text", required: true },
        primary: { kind: "flag" },
        privateIPAllocationMethod: { kind: "choice", of: ["Static", "Dynamic"] },
        subnet: { kind: "object", of: reference },
        publicIPAddress: {
          kind: "object",
          of: { ...reference, deleteOption: { kind: "choice", of: ["Delete", "Detach"] } },
        },
      }),
    },
  }),
  admit(subscription, { ipConfigurations }, id) {
    for (const { subnet, publicIPAddress } of ipConfigurations as Record<string, { id: string } | undefined>[]) {
      needed(subscription, subnet?.id, id);
      if (!publicIPAddress) continue;
      needed(subscription, publicIPAddress.id, id);
      // https://learn.microsoft.com/azure/networking/troubleshoot-failed-state: PublicIPAddressInUse
      const [other] = mentioning(subscription, publicIPAddress.id);
      if (other !== undefined)
        throw new ArmError(
          "PublicIPAddressInUse",
          `Resource ${id} is referencing public IP address ${publicIPAddress.id} that is already allocated to resource ${other}.`,
        );
    }
    return { macAddress: `00-0D-3A-${(randomHex(6).toUpperCase().match(/../g) ?? []).join("-")}` };
  },
  users: (subscription, id) => ({ code: "NicInUse", ids: mentioning(subscription, id) }),
};
