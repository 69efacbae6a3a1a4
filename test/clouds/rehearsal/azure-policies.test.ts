import { azurePolicies } from "../../support/policies/azure";
import { azurePublishing } from "./azure-publishing";
import { describePolicies } from "./policy-scenario";

describePolicies(azurePublishing, azurePolicies, "azure-native:compute:VirtualMachine");
