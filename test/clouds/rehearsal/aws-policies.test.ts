import { awsPolicies } from "../../support/policies/aws";
import { awsPublishing } from "./aws-publishing";
import { describePolicies } from "./policy-scenario";

describePolicies(awsPublishing, awsPolicies, "aws:ec2/instance:Instance");
