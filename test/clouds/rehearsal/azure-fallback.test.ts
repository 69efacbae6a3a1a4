import { getResource } from "../azure/subscription";
import { azureCheckout } from "./azure-checkout";
import { describeFallback } from "./fallback-scenario";

describeFallback({
  name: "Azure",
  open: azureCheckout,
  machine: "azure-native:compute:VirtualMachine",
  size: "Standard_E2s_v5",
  zone: "2",
  refusal: "AllocationFailed",
  sizes: ["Standard_D2s_v5", "Standard_D2ads_v5", "Standard_D2ds_v5", "Standard_E2s_v5"],
  placeOf({ rehearsal }, id) {
    const { hardwareProfile, zones, priority } = getResource(rehearsal.subscription, id)?.properties ?? {};
    const { vmSize } = hardwareProfile as { vmSize: string };
    return { size: vmSize, zone: (zones as string[] | undefined)?.[0], spot: priority === "Spot" };
  },
});
