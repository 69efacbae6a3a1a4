import { describe, expect, test } from "@jest/globals";
import { placement } from "../../../../components/backends/azure/placement";
import { placeText, type Place } from "../../../../lib/place";
import { azureStack } from "./settings";

/** As the engine shows it: the Go SDK's words. */
const refusal = (code: string, message = "") =>
  `PUT https://management.azure.com/…\nRESPONSE 409: 409 Conflict\nERROR CODE: ${code}\n{"error":{"code":"${code}","message":"${message}"}}`;
/** github.com/scylladb/scylla-cluster-tests/issues/4994 has one in full. */
const overQuota = (name: string) =>
  refusal(
    "OperationNotAllowed",
    `Operation could not be completed as it results in exceeding approved ${name} quota. Additional details - Deployment Model: Resource Manager, Location: westus2, Current Limit: 48, Current Usage: 46, Additional Required: 4, (Minimum) New Limit Required: 50.`,
  );
const { places, next } = placement;
const shown = (all: readonly Place[]) => all.map(placeText);

describe("places", () => {
  test("are the smallest that does of each family: each is other hardware and another quota", () => {
    expect(shown(places(azureStack({}, { vcpus: "4" })))).toEqual([
      "Standard_D4s_v5",
      "Standard_D4ads_v5",
      "Standard_D4ds_v5",
      "Standard_E4s_v5",
    ]);
  });

  test("have what the settings ask for: an ephemeral disk, the size by name, a zone", () => {
    expect(shown(places(azureStack({ osDisk: "ephemeral" })))).not.toContain("Standard_D2s_v5");
    expect(shown(places(azureStack({ zones: ["2", "1"] }, { size: "standard_d4s_v5" })))).toEqual([
      "Standard_D4s_v5 in zone 2",
      "Standard_D4s_v5 in zone 1",
    ]);
    expect(shown(places(azureStack({ zones: ["2", "1"] }, { size: "Standard_D4s_v5", zone: "3" })))).toEqual([
      "Standard_D4s_v5 in zone 3",
    ]);
  });

  test("with spot are all of that as spot, then the same on demand", () => {
    const all = places(azureStack({}, { spot: "true" }));
    expect(all.map(({ spot }) => spot)).toEqual([true, true, true, true, false, false, false, false]);
  });
});

describe("after a refusal", () => {
  const all = places(azureStack({ zones: ["1", "2"] }, { vcpus: "4", spot: "true" }));
  const of = (size: string, spot: boolean, zone = "1") => ({ size, zone, spot });
  const first = of("Standard_D4s_v5", true);

  test.each(["SkuNotAvailable", "AllocationFailed", "ZonalAllocationFailed", "OverconstrainedAllocationRequest"])(
    "%s is followed by the next place",
    (code) => {
      expect(next(all, first, refusal(code))).toEqual(of("Standard_D4s_v5", true, "2"));
    },
  );

  test("for the quota of machines that can be taken away comes one on demand", () => {
    expect(next(all, first, overQuota("LowPriorityCores"))).toEqual(of("Standard_D4s_v5", false));
  });

  test.each(["AzureSpotFeatureNotEnabledForSubscription", "SpotPriceGreaterThanProvidedMaxPrice"])(
    "%s leads to a machine on demand",
    (code) => {
      expect(next(all, first, refusal(code))).toEqual(of("Standard_D4s_v5", false));
    },
  );

  test("for a family's quota comes another family, not another zone", () => {
    const tried = of("Standard_D4s_v5", false);
    expect(next(all, tried, overQuota("standardDSv5Family Cores"))).toEqual(of("Standard_D4ads_v5", false));
  });

  test.each([
    ["the quota of the whole region", overQuota("Total Regional Cores")],
    ["an operation that is not allowed in this state", refusal("OperationNotAllowed", "the machine is being deleted")],
    ["a missing permission", refusal("AuthorizationFailed")],
    ["a setting that is wrong", refusal("InvalidParameter", "imageReference")],
  ])("%s is the same everywhere", (_what, text) => {
    expect(next(all, of("Standard_D4s_v5", false), text)).toBeUndefined();
  });
});
