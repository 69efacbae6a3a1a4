import { awsPublishing } from "./aws-publishing";
import { describeVersions } from "./versions-scenario";

describeVersions(awsPublishing);
