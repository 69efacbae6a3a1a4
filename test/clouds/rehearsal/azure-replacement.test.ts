import { azureCheckout } from "./azure-checkout";
import { describeReplacement } from "./replacement-scenario";

describeReplacement({
  name: "Azure",
  open: azureCheckout,
  size: "Standard_D8s_v5",
  expected: ["Microsoft.Compute/virtualMachines/delete", "Microsoft.Compute/virtualMachines/write"],
});
