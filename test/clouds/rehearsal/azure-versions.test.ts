import { azurePublishing } from "./azure-publishing";
import { describeVersions } from "./versions-scenario";

describeVersions(azurePublishing);
