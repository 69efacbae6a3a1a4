import { azureCheckout } from "./azure-checkout";
import type { PublishingFacts } from "./published-images";

export const azurePublishing: PublishingFacts = {
  name: "Azure",
  open: () => azureCheckout("none"),
  holds: ["Microsoft.Compute/galleries/images/versions", "blob"],
  // The disk stays as long as its version: whether a version can do without is not documented.
  onlyNewest: [],
};
