import { NetworkInterface, NetworkSecurityGroup, PublicIPAddress, VirtualNetwork } from "@pulumi/azure-native/network";
import * as pulumi from "@pulumi/pulumi";
import { subnetPrefix } from "./machine-plan";

export interface NetworkArgs {
  readonly resourceGroupName: pulumi.Input<string>;
  readonly location: string;
  readonly tags: pulumi.Input<Record<string, string>>;
  /** The only address that may come in, `192.0.2.1/32`. */
  readonly callerCidr: pulumi.Input<string>;
  /** Of the machine. @default none */
  readonly zones?: readonly string[];
  /** See `generation`: another one is another address and interface. */
  readonly generation: pulumi.Input<string>;
}

export interface Network {
  readonly interfaceId: pulumi.Output<string>;
  readonly address: pulumi.Output<string>;
}

const subnetName = "machines";

/**
 * A network for one machine. Out it gets by its own public address; without it, it would not: the default way out is
 * off. In comes ssh, from the caller. What no rule allows is denied, by the rules that every group has
 * (learn.microsoft.com/azure/virtual-network/network-security-groups-overview#default-security-rules).
 */
export function network(name: string, args: NetworkArgs, opts: pulumi.CustomResourceOptions): Network {
  const { resourceGroupName, location, tags, callerCidr } = args;
  const common = { resourceGroupName, location, tags };
  const securityGroup = new NetworkSecurityGroup(
    `${name}-nsg`,
    {
      ...common,
      networkSecurityGroupName: "nsg",
      securityRules: [
        {
          name: "ssh-from-caller",
          priority: 100,
          direction: "Inbound",
          access: "Allow",
          protocol: "Tcp",
          sourceAddressPrefix: callerCidr,
          sourcePortRange: "*",
          destinationAddressPrefix: subnetPrefix,
          destinationPortRange: "22",
        },
      ],
    },
    opts,
  );
  const vnet = new VirtualNetwork(
    `${name}-vnet`,
    {
      ...common,
      virtualNetworkName: "vnet",
      addressSpace: { addressPrefixes: [subnetPrefix] },
      subnets: [
        {
          name: subnetName,
          addressPrefix: subnetPrefix,
          defaultOutboundAccess: false,
          networkSecurityGroup: { id: securityGroup.id },
        },
      ],
    },
    opts,
  );
  const address = new PublicIPAddress(
    `${name}-address`,
    {
      ...common,
      publicIpAddressName: pulumi.interpolate`address-${args.generation}`,
      // The only kind that still is, and closed to what no rule lets in.
      sku: { name: "Standard" },
      // A machine in a zone takes no address of the region, "ComputeResourceZoneConstraintDoesNotMatchPublicIPAddressZoneConstraint"
      // (github.com/fortinet/azure-templates/issues/43).
      ...(args.zones ? { zones: [...args.zones] } : {}),
      publicIPAllocationMethod: "Static",
      publicIPAddressVersion: "IPv4",
    },
    opts,
  );
  const card = new NetworkInterface(
    `${name}-nic`,
    {
      ...common,
      networkInterfaceName: pulumi.interpolate`nic-${args.generation}`,
      ipConfigurations: [
        {
          name: "first",
          primary: true,
          privateIPAllocationMethod: "Dynamic",
          subnet: { id: pulumi.interpolate`${vnet.id}/subnets/${subnetName}` },
          publicIPAddress: { id: address.id, deleteOption: "Delete" },
        },
      ],
    },
    opts,
  );
  return { interfaceId: card.id, address: address.ipAddress.apply((ip) => ip ?? "") };
}
