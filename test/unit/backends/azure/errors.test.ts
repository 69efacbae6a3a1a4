import { describe, expect, test } from "@jest/globals";
import { classifyAzure, failureOf, quotaRefusal, told } from "../../../../components/backends/azure/errors";
import { ExitCode, UserError } from "../../../../lib/errors";

/** As Compute says it: learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-resource-quota. */
const quotaText = (name: string) =>
  `Operation could not be completed as it results in exceeding approved ${name} quota. Additional details - Deployment Model: Resource Manager, Location: westus2, Current Limit: 48, Current Usage: 46, Additional Required: 4, (Minimum) New Limit Required: 50. Submit a request for Quota increase`;

const wrapped = (inner: object) => ({
  error: {
    code: "DeploymentFailed",
    message: "At least one resource deployment operation failed.",
    details: [{ code: "Conflict", message: JSON.stringify({ error: { details: [inner] } }) }],
  },
});

describe("a refusal of Azure", () => {
  test("is found however deep it is wrapped, as body, list or JSON in a message", () => {
    const failure = failureOf(wrapped({ code: "SkuNotAvailable", message: "not in westus" }));
    expect(failure.codes).toEqual(["DeploymentFailed", "Conflict", "SkuNotAvailable"]);
    expect(failure.text).toContain("not in westus");
    expect(classifyAzure(wrapped({ code: "ZonalAllocationFailed", message: "m" })).kind).toBe("capacity");
  });

  test.each(["standardDSv5Family Cores", "Total Regional Cores", "LowPriorityCores"])(
    "for quota says the figures, of %s",
    (name) => {
      const { kind, message } = classifyAzure(wrapped({ code: "OperationNotAllowed", message: quotaText(name) }));
      expect(kind).toBe("quota");
      expect(message).toBe(`needs 4 vCPU of ${name.replace(/ Cores$/, "")}, 46 of 48 used`);
    },
  );

  test("with the code of a quota and another text is no quota", () => {
    const text = "The VM size cannot be changed while the disk is attached.";
    expect(classifyAzure({ code: "OperationNotAllowed", message: text }).kind).not.toBe("quota");
    expect(quotaRefusal(text)).toBeUndefined();
  });

  test.each([
    [
      "the provider's words",
      `Status=409 Code="OperationNotAllowed" Message="${quotaText("standardDSv5Family Cores")}"`,
    ],
    [
      "the Go SDK's",
      `RESPONSE 409: 409 Conflict\nERROR CODE: OperationNotAllowed\n{"error":{"code":"OperationNotAllowed","message":"${quotaText("standardDSv5Family Cores")}"}}`,
    ],
  ])("is understood as text of the engine, in %s", (_what, text) => {
    expect(classifyAzure(text)).toMatchObject({ kind: "quota", message: expect.stringContaining("46 of 48 used") });
    expect(classifyAzure(new Error(text)).kind).toBe("quota");
  });

  test.each([
    ["AuthorizationFailed", "permission"],
    ["TooManyRequests", "throttled"],
    ["PublicIPCountLimitReached", "quota"],
    ["IPv4StandardSkuPublicIpCountLimitReached", "quota"],
    ["KeyBasedAuthenticationNotPermitted", "settings"],
    ["AllocationFailed", "capacity"],
    ["InvalidAuthenticationTokenTenant", "credentials"],
    ["MissingSubscriptionRegistration", "settings"],
    ["PropertyChangeNotAllowed", "settings"],
    ["InternalServerError", "transient"],
    ["ENOTFOUND", "transient"],
    ["OSProvisioningTimedOut", "transient"],
    ["SomethingNew", "bug"],
  ])("%s is of kind %s", (code, kind) => {
    expect(classifyAzure(Object.assign(new Error("text"), { code })).kind).toBe(kind);
  });

  test("to read an uploaded disk without the key of its account says how to allow that", () => {
    const text = "The source blob https://kmvmimages.blob.core.windows.net/kmvm-images/a.vhd is not accessible.";
    expect(classifyAzure({ code: "InvalidParameter", message: text }).hint).toContain("--allow-shared-key-access true");
  });

  test("of a guest that is not ready leads to its console", () => {
    const text =
      'Code="OSProvisioningTimedOut" Message="OS Provisioning for VM machine did not finish in the allotted time."';
    expect(classifyAzure(text).hint).toContain("console.log");
  });

  test("without a code is what its status says", () => {
    expect(classifyAzure(Object.assign(new Error("no body"), { statusCode: 503 })).kind).toBe("transient");
  });

  test("to log in is one of credentials", () => {
    expect(classifyAzure(Object.assign(new Error("none"), { name: "CredentialUnavailableError" })).kind).toBe(
      "credentials",
    );
    expect(classifyAzure(new Error("AADSTS700082: The refresh token has expired")).kind).toBe("credentials");
  });

  test("is told with what was being done, and an error of ours as it is", async () => {
    const call = (error: Error) => told("could not stop m", () => Promise.reject(error));
    await expect(call(Object.assign(new Error("no"), { code: "AllocationFailed" }))).rejects.toMatchObject({
      message: "could not stop m: capacity: AllocationFailed: no",
      exitCode: ExitCode.Infrastructure,
    });
    const own = new UserError("mine");
    await expect(call(own)).rejects.toBe(own);
  });
});
