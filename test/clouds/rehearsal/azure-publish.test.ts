import { azurePublishing } from "./azure-publishing";
import { describePublishing } from "./publish-scenario";

describePublishing(azurePublishing);
