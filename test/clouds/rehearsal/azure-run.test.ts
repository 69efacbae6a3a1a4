import { azureCheckout } from "./azure-checkout";
import { cloudFacts } from "./cloud-facts";
import { describeRun } from "./run-scenario";

describeRun(cloudFacts.azure, { kind: "played", open: azureCheckout });
