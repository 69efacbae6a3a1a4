import { callerAddress, isIn } from "../lib/networks";
import { cardOf } from "./machine-power";
import { getResource, type Subscription } from "./subscription";
import type { Resource } from "../fake-arm/state";

interface Rule {
  readonly priority: number;
  readonly direction: string;
  readonly access: string;
  readonly protocol: string;
  readonly sourceAddressPrefix?: string;
  readonly destinationPortRange?: string;
}

const matchesSsh = ({ direction, protocol, sourceAddressPrefix = "*", destinationPortRange = "*" }: Rule): boolean => {
  const [from = 22, to = from] = destinationPortRange === "*" ? [] : destinationPortRange.split("-").map(Number);
  const everybody = ["*", "Internet", "0.0.0.0/0"].includes(sourceAddressPrefix);
  const source = everybody || (/^\d/.test(sourceAddressPrefix) && isIn(callerAddress, sourceAddressPrefix));
  return direction === "Inbound" && (protocol === "Tcp" || protocol === "*") && from <= 22 && to >= 22 && source;
};

const admittedBy = (group: Resource | undefined): boolean => {
  const rules = [...((group?.properties["securityRules"] ?? []) as Rule[])].sort((a, b) => a.priority - b.priority);
  return rules.find(matchesSsh)?.access === "Allow";
};

/**
 * Whether a caller reaches port 22 of a machine: its subnet's group and its interface's, where they have one, both let it
 * in; without any group a Standard address is closed.
 * @see https://learn.microsoft.com/azure/virtual-network/network-security-group-how-it-works
 */
export function admitsSsh(subscription: Subscription, machine: Resource): boolean {
  const { card } = cardOf(subscription, machine);
  const own = (card?.properties["networkSecurityGroup"] as { id: string } | undefined)?.id;
  const [configuration] = (card?.properties["ipConfigurations"] ?? []) as { subnet?: { id: string } }[];
  const [network = "", subnetName = ""] = (configuration?.subnet?.id ?? "").split("/subnets/");
  const subnets = (getResource(subscription, network)?.properties["subnets"] ?? []) as {
    name: string;
    networkSecurityGroup?: { id: string };
  }[];
  const outer = subnets.find(({ name }) => name === subnetName)?.networkSecurityGroup?.id;
  const groups = [outer, own].filter((id) => id !== undefined).map((id) => getResource(subscription, id));
  return groups.length > 0 && groups.every(admittedBy);
}
