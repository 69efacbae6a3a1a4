import { awsCheckout } from "./aws-checkout";
import type { PublishingFacts } from "./published-images";

export const awsPublishing: PublishingFacts = {
  name: "AWS",
  open: () => awsCheckout("none"),
  // The two parameters are the version's, and the pointer.
  holds: ["image", "object", "parameter", "parameter", "snapshot"],
  onlyNewest: ["object"],
};
