import { azurePublishing } from "./azure-publishing";
import { describePublishingFaults, type PublishingStep } from "./publish-fault-scenario";

const blob = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs";
const image = "Microsoft.Compute/galleries/images";

/** More often than any call of ours is tried. */
const always = { times: 20, retried: true } as const;
const killed = ["stuck-before", "stuck-after"] as const;

/** In the order in which they are done. All are calls of ours, so a fault that passes is nothing but a delay. */
const steps: readonly PublishingStep[] = [
  { name: "blob is made", at: `${blob}/write`, kinds: ["fail", ...killed], ...always },
  { name: "its pages", at: `${blob}/write?comp=page`, kinds: ["fail", "throttled", "lost", ...killed], ...always },
  { name: "it is whole", at: `${blob}/write?comp=metadata`, kinds: ["fail", "lost", ...killed], ...always },
  {
    name: "version",
    at: `${image}/versions/write`,
    kinds: ["fail", "quota", "throttled", "lost", ...killed],
    ...always,
  },
  { name: "promotion", at: `${image}/write`, kinds: ["fail", "throttled", "lost", ...killed], ...always },
  { name: "old disk goes", at: `${blob}/delete`, kinds: ["fail", "lost", ...killed], ...always },
  { name: "old version goes", at: `${image}/versions/delete`, kinds: ["fail", "lost", ...killed], ...always },
];

describePublishingFaults(azurePublishing, steps);
