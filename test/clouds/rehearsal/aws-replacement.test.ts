import { awsCheckout } from "./aws-checkout";
import { describeReplacement } from "./replacement-scenario";

describeReplacement({
  name: "AWS",
  open: awsCheckout,
  size: "m8i.2xlarge",
  expected: ["ec2:TerminateInstances", "ec2:RunInstances"],
});
