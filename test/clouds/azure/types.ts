import type { RehearsedType } from "../lib/rehearsed";
import { armType } from "./arm-type";
import { resourceGroup } from "./group";
import { virtualMachine } from "./machine";
import { networkInterface, publicAddress, securityGroup, virtualNetwork } from "./network";
import type { Subscription } from "./subscription";
import { workflow } from "./workflow";

/** Every type that is played. Any other one is refused by the plugin library. */
export const types = (subscription: Subscription): Readonly<Record<string, RehearsedType>> => ({
  "azure-native:resources:ResourceGroup": resourceGroup(subscription),
  "azure-native:logic:Workflow": armType(subscription, workflow),
  "azure-native:network:NetworkSecurityGroup": armType(subscription, securityGroup),
  "azure-native:network:VirtualNetwork": armType(subscription, virtualNetwork),
  "azure-native:network:PublicIPAddress": armType(subscription, publicAddress),
  "azure-native:network:NetworkInterface": armType(subscription, networkInterface),
  "azure-native:compute:VirtualMachine": armType(subscription, virtualMachine),
});
