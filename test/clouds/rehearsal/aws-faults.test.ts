import { awsCheckout } from "./aws-checkout";
import { describeFaults } from "./fault-scenario";

describeFaults({
  name: "AWS",
  open: awsCheckout,
  types: [
    "aws:ec2/securityGroup:SecurityGroup",
    "aws:ec2/launchTemplate:LaunchTemplate",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
    "aws:ec2/instance:Instance",
    "aws:scheduler/schedule:Schedule",
  ],
  machine: "aws:ec2/instance:Instance",
  // A rule goes with its group, and an instance is found by its tags.
  onlyForGc: [
    "aws:ec2/securityGroup:SecurityGroup",
    "aws:ec2/launchTemplate:LaunchTemplate",
    "aws:scheduler/schedule:Schedule",
  ],
});
