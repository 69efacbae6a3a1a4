import { awsPublishing } from "./aws-publishing";
import { describePublishing } from "./publish-scenario";

describePublishing(awsPublishing);
