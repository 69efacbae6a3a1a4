import { azureCheckout } from "./azure-checkout";
import { describeFaults } from "./fault-scenario";

describeFaults({
  name: "Azure",
  open: azureCheckout,
  types: [
    "azure-native:resources:ResourceGroup",
    "azure-native:logic:Workflow",
    "azure-native:network:NetworkSecurityGroup",
    "azure-native:network:VirtualNetwork",
    "azure-native:network:PublicIPAddress",
    "azure-native:network:NetworkInterface",
    "azure-native:compute:VirtualMachine",
  ],
  machine: "azure-native:compute:VirtualMachine",
  // All of it is in the group, which is found by its tags.
  onlyForGc: [],
});
