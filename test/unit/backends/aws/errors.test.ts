import { describe, expect, test } from "@jest/globals";
import { classifyError, calling, failureOf, figuresIn, isGone } from "../../../../components/backends/aws/errors";
import { ExitCode, UserError } from "../../../../lib/errors";

const sdk = (name: string, message = "") => Object.assign(new Error(message), { name });
/** As the engine prints what the provider plugin says. */
const plugin = (code: string, message: string, operation = "RunInstances") =>
  new Error(
    `creating EC2 Instance: operation error EC2: ${operation}, https response error StatusCode: 400, ` +
      `RequestID: 4a1c1c1e-0000-4000-8000-000000000000, api error ${code}: ${message}`,
  );

/** As the provider tells of an instance that went from pending to terminated. */
const ended = (reason: string) =>
  new Error(
    `waiting for EC2 Instance (i-1) create: unexpected state 'terminated', wanted target 'running'. last error: ${reason}`,
  );

const noCapacity =
  "We currently do not have sufficient m8i.large capacity in the Availability Zone you requested (us-east-1a). Our " +
  "system will be working on provisioning additional capacity. You can currently get m8i.large capacity by not " +
  "specifying an Availability Zone in your request or choosing us-east-1b, us-east-1c.";
const noQuota =
  "You have requested more vCPU capacity than your current vCPU limit of 32 allows for the instance bucket that the " +
  "specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment.";

test.each<[string, Error, string]>([
  ["expired credentials", sdk("ExpiredToken"), "credentials"],
  ["no credentials", sdk("CredentialsProviderError", "Could not load credentials from any providers"), "credentials"],
  ["no credentials in the plugin", new Error("No valid credential sources found"), "credentials"],
  ["an access key that is none", sdk("InvalidAccessKeyId"), "credentials"],
  ["a token that is none", sdk("InvalidToken"), "credentials"],
  ["an identity that is not believed", sdk("InvalidIdentityToken"), "credentials"],
  ["an identity that is not believed, elsewhere", sdk("InvalidIdentityTokenException"), "credentials"],
  ["a login that has ended", sdk("UnauthorizedException", "Session token not found or invalid"), "credentials"],
  ["a bucket of another region", sdk("PermanentRedirect"), "settings"],
  ["a bucket of another region than signed for", sdk("AuthorizationHeaderMalformed"), "settings"],
  ["no network", Object.assign(new Error("getaddrinfo ENOTFOUND"), { code: "ENOTFOUND" }), "transient"],
  ["a missing right", sdk("UnauthorizedOperation"), "permission"],
  ["a missing right elsewhere", sdk("AccessDeniedException"), "permission"],
  ["the vCPU limit", plugin("VcpuLimitExceeded", noQuota), "quota"],
  ["the limit of spot machines", plugin("MaxSpotInstanceCountExceeded", "Max spot instance count exceeded"), "quota"],
  ["a new account", plugin("PendingVerification", "Your request is being validated"), "quota"],
  ["no capacity", plugin("InsufficientInstanceCapacity", noCapacity), "capacity"],
  ["no address left", plugin("InsufficientFreeAddressesInSubnet", ""), "capacity"],
  ["a spot price above ours", plugin("SpotMaxPriceTooLow", ""), "capacity"],
  [
    "a type that the zone has not",
    plugin(
      "Unsupported",
      "Your requested instance type (m8i.large) is not supported in your requested Availability Zone (us-east-1e).",
    ),
    "capacity",
  ],
  [
    "nested virtualisation on another type",
    plugin("UnsupportedOperation", "The specified instance type does not support nested virtualization."),
    "settings",
  ],
  ["too many calls", sdk("RequestLimitExceeded"), "throttled"],
  ["a limit met by the instance when it starts", ended("Client.VolumeLimitExceeded: Volume limit exceeded"), "quota"],
  ["capacity that is gone when it starts", ended("Server.InsufficientInstanceCapacity: Insufficient"), "capacity"],
  ["a key that may not be used", ended("Client.InternalError: Client error on launch"), "settings"],
  ["EC2's own error when it starts", ended("Server.InternalError: Internal error on launch"), "transient"],
  ["too many calls elsewhere", sdk("ThrottlingException"), "throttled"],
  ["an error inside", sdk("InternalError"), "transient"],
  ["a connection that breaks", Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }), "transient"],
  ["an image that is gone", plugin("InvalidAMIID.NotFound", "The image id '[ami-1]' does not exist"), "settings"],
  ["a wrong subnet", plugin("InvalidSubnetID.NotFound", ""), "settings"],
  ["anything else", new TypeError("x is not a function"), "bug"],
])("%s", (_what, error, kind) => {
  expect(classifyError(error).kind).toBe(kind);
});

describe("figures", () => {
  test("of missing capacity are the type, the zone, and the zones that have it", () => {
    expect(figuresIn(noCapacity)).toEqual({
      size: "m8i.large",
      zone: "us-east-1a",
      otherZones: ["us-east-1b", "us-east-1c"],
    });
  });

  test("of the quota are the limit", () => {
    expect(figuresIn(noQuota)).toEqual({ limit: 32 });
  });

  test("of a missing right are its name", () => {
    const text =
      "You are not authorized to perform this operation. User: arn:aws:iam::1:user/x is not authorized to perform: ec2:RunInstances on resource: arn:aws:ec2:*";
    expect(figuresIn(text)).toEqual({ permission: "ec2:RunInstances" });
  });
});

test("what helps nobody is left out of the text", () => {
  const error = sdk("UnauthorizedOperation", "not authorized. Encoded authorization failure message: AbC-dEf_123");
  expect(failureOf(error).text).toBe("not authorized.");
});

test.each([
  ["InvalidInstanceID.NotFound", true],
  ["InvalidGroup.NotFound", true],
  ["ResourceNotFoundException", true],
  ["ParameterNotFound", true],
  ["InvalidAMIID.Unavailable", true],
  ["DependencyViolation", false],
  ["UnauthorizedOperation", false],
])("%s: gone is %s", (code, gone) => {
  expect(isGone(sdk(code))).toBe(gone);
});

test("a refusal is told to a person, with what failed, its kind and what to do", async () => {
  const failing = calling("could not stop i-1", () => Promise.reject(sdk("VcpuLimitExceeded", noQuota)));
  await expect(failing).rejects.toMatchObject({
    message: expect.stringMatching(/^could not stop i-1: quota: VcpuLimitExceeded: You have requested/),
    hint: expect.stringContaining("Service Quotas"),
    exitCode: ExitCode.Infrastructure,
  });
});

test("a bug of ours keeps its stack, and what is for a person already is left as it is", async () => {
  const bug = new TypeError("x");
  await expect(calling("could not", () => Promise.reject(bug))).rejects.toBe(bug);
  const told = new UserError("no");
  await expect(calling("could not", () => Promise.reject(told))).rejects.toBe(told);
});
