import { awsCheckout } from "./aws-checkout";
import { cloudFacts } from "./cloud-facts";
import { describeRun } from "./run-scenario";

describeRun(cloudFacts.aws, { kind: "played", open: () => awsCheckout() });
