import { describe, expect, test } from "@jest/globals";
import { placement } from "../../../../components/backends/aws/placement";
import { placeText, type Place } from "../../../../lib/place";
import { awsStack } from "./settings";

/** As the engine shows it: the provider plugin's words. */
const refusal = (code: string, text = "") =>
  `creating EC2 Instance: operation error EC2: RunInstances, https response error StatusCode: 400, RequestID: 1, api error ${code}: ${text}`;
const { places, next } = placement;
const shown = (all: readonly Place[]) => all.map(placeText);

describe("places", () => {
  test("are the fitting types, each where EC2 finds capacity", () => {
    expect(shown(places(awsStack()))).toEqual(["c8i-flex.large", "c8i.large", "m8i-flex.large", "m8i.large"]);
  });

  test("with zones are each type in each of them, with spot first all of that", () => {
    const settings = awsStack({ zones: ["us-west-2b", "us-west-2a"] }, { size: "m8i.large", spot: "true" });
    expect(shown(places(settings))).toEqual([
      "m8i.large as spot in zone us-west-2b",
      "m8i.large as spot in zone us-west-2a",
      "m8i.large in zone us-west-2b",
      "m8i.large in zone us-west-2a",
    ]);
  });

  test("with a zone are in it alone, with a subnet in its zone", () => {
    const zones = ["us-west-2b", "us-west-2a"];
    expect(shown(places(awsStack({ zones }, { size: "m8i.large", zone: "us-west-2c" })))).toEqual([
      "m8i.large in zone us-west-2c",
    ]);
    expect(shown(places(awsStack({ subnetId: "subnet-01234567" }, { size: "m8i.large" })))).toEqual(["m8i.large"]);
  });
});

describe("after a refusal", () => {
  const settings = awsStack({ zones: ["us-west-2a", "us-west-2b", "us-west-2c"] }, { size: "m8i.large", spot: "true" });
  const all = places(settings);
  const [first] = all;
  if (!first) throw new Error("no place");

  test("for missing capacity comes the next place, or the one that EC2 says has it", () => {
    expect(next(all, first, refusal("InsufficientInstanceCapacity"))).toMatchObject({ zone: "us-west-2b", spot: true });
    const text =
      "sufficient m8i.large capacity in the Availability Zone you requested (us-west-2a) … or choosing us-west-2c.";
    expect(next(all, first, refusal("InsufficientInstanceCapacity", text))).toMatchObject({
      zone: "us-west-2c",
      spot: true,
    });
  });

  test.each([
    ["SpotMaxPriceTooLow", ""],
    ["MaxSpotInstanceCountExceeded", ""],
    ["UnsupportedOperation", "Nested virtualization is not supported for Spot instances"],
  ])("%s leads to a machine on demand", (code, text) => {
    expect(next(all, first, refusal(code, text))).toEqual({ ...first, spot: false });
  });

  test.each(["VcpuLimitExceeded", "UnauthorizedOperation", "InvalidSubnetID.NotFound", "InternalError"])(
    "%s is the same everywhere",
    (code) => {
      expect(next(all, first, refusal(code))).toBeUndefined();
    },
  );

  test("a zone that has not this type at all is followed by the next", () => {
    const text =
      "Your requested instance type (m8i.large) is not supported in your requested Availability Zone (us-west-2a).";
    expect(next(all, first, refusal("Unsupported", text))).toMatchObject({ zone: "us-west-2b" });
  });
});
