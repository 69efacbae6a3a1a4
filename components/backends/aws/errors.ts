import {
  classify,
  cloudUserError,
  type Classified,
  type CloudFailure,
  type ErrorRule,
} from "../../../lib/cloud-errors";
import { messageOf, UserError } from "../../../lib/errors";

const smaller = "wait until other machines end, take a smaller size, or ask for more: Service Quotas, Amazon EC2";
const elsewhere = "wait, or try another place: another size, zone or region";

/**
 * What EC2 and its neighbours refuse with. Codes and their meaning:
 * docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html; of Systems Manager and EventBridge Scheduler: the
 * "Errors" of each call in their API references. The first that fits counts.
 */
export const errorRules: readonly ErrorRule[] = [
  {
    code: /^(CredentialsProviderError|ExpiredToken(Exception)?|RequestExpired|InvalidClientTokenId|InvalidAccessKeyId|InvalidToken|InvalidIdentityToken(Exception)?|UnauthorizedException|UnrecognizedClientException|AuthFailure|SignatureDoesNotMatch|InvalidSignatureException|MissingAuthenticationToken|TokenProviderError)$/,
    kind: "credentials",
    hint: "log in again, or set AWS_PROFILE: kmvm doctor --backend aws says which credentials are found",
  },
  {
    // What the provider plugin says where the SDK has no code (github.com/hashicorp/aws-sdk-go-base, errors.go).
    text: /No valid credential sources found|failed to refresh cached credentials|get credentials: /,
    kind: "credentials",
    hint: "log in, or set AWS_PROFILE: kmvm doctor --backend aws says which credentials are found",
  },
  {
    code: /^(UnauthorizedOperation|AccessDenied(Exception)?|OptInRequired|Blocked)$/,
    kind: "permission",
    hint: "give that permission: docs/aws.md has the whole policy; kmvm doctor --backend aws tells what else is missing",
  },
  {
    code: /^(VcpuLimitExceeded|InstanceLimitExceeded|MaxSpotInstanceCountExceeded|VolumeLimitExceeded|SecurityGroupLimitExceeded|RulesPerSecurityGroupLimitExceeded|NetworkInterfaceLimitExceeded|AddressLimitExceeded|SnapshotLimitExceeded|ServiceQuotaExceededException|ResourceCountExceeded|ParameterLimitExceeded|PendingVerification)$/,
    kind: "quota",
    hint: smaller,
  },
  {
    code: /^(InsufficientInstanceCapacity|InsufficientHostCapacity|InsufficientReservedInstanceCapacity|InsufficientCapacity|InsufficientCapacityOnHost|InsufficientVolumeCapacity|UnfulfillableCapacity|InsufficientFreeAddressesInSubnet)$/,
    kind: "capacity",
    hint: elsewhere,
  },
  { code: /^SpotMaxPriceTooLow$/, kind: "capacity", hint: "take a machine on demand: --set spot=false" },
  {
    code: /^(Unsupported|UnsupportedOperation|InvalidParameterCombination)$/,
    text: /spot/i,
    kind: "settings",
    hint: "what is asked for is not to be had as a spot machine: --set spot=false",
  },
  {
    // "Your requested instance type (m8i.large) is not supported in your requested Availability Zone (us-east-1e)."
    code: /^Unsupported$/,
    text: /not supported in your requested Availability Zone/,
    kind: "capacity",
    hint: elsewhere,
  },
  {
    code: /^(RequestLimitExceeded|Throttling(Exception)?|ThrottledException|TooManyRequestsException|EC2ThrottledException|ResourceLimitExceeded\.Throttled|TooManyUpdates|SlowDown)$/,
    kind: "throttled",
    hint: "wait a minute and try again: others of the account make many calls",
  },
  {
    // The bucket is in another region: docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html.
    code: /^(PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraintException)$/,
    kind: "settings",
    hint: "give a bucket of the region of kmvm:aws, or the region of the bucket",
  },
  {
    // docs.aws.amazon.com/AWSEC2/latest/UserGuide/troubleshooting-launch.html#troubleshooting-launch-internal
    code: /^InternalError$/,
    text: /Client error on launch/,
    kind: "settings",
    hint: 'most often the account encrypts disks by a key that you may not use: docs/aws.md, "A key of your own"',
  },
  {
    code: /^(InternalError|InternalFailure|InternalServerError|InternalServerException|ServiceUnavailable(Exception)?|Unavailable|RequestTimeout|TimeoutError|NetworkingError|ECONNRESET|ECONNREFUSED|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EPIPE|Server\.InternalError)$/,
    kind: "transient",
    hint: "try again; if it stays so, see whether this machine reaches the network, and whether kmvm:aws names a region that there is",
  },
  {
    code: /^InvalidAMIID\.|^InvalidSnapshot\.|^ParameterNotFound$|^ParameterVersionNotFound$/,
    kind: "settings",
    hint: "see which images are published: kmvm image ls --backend aws",
  },
  {
    code: /^(Unsupported|UnsupportedOperation|Invalid[A-Z]\w*(\.\w+)*|MissingParameter|VPCIdNotSpecified|DefaultSubnet\w*|NoSuchBucket|ValidationException)$/,
    kind: "settings",
    hint: "mend the setting that is named, see docs/aws.md",
  },
];

/** What the provider says in figures and names, as far as it does. */
export interface RefusalFigures {
  /** vCPU limit of the account. */
  readonly limit?: number;
  readonly size?: string;
  readonly zone?: string;
  /** Zones where there is capacity, as the provider says. */
  readonly otherZones?: readonly string[];
  /** `ec2:RunInstances`. */
  readonly permission?: string;
}

/**
 * Figures in the texts of refusals. VcpuLimitExceeded: "You have requested more vCPU capacity than your current vCPU
 * limit of 32 allows for the instance bucket …"; InsufficientInstanceCapacity: "We currently do not have sufficient
 * m5.large capacity in the Availability Zone you requested (us-east-1a). … You can currently get m5.large capacity by not
 * specifying an Availability Zone in your request or choosing us-east-1b, us-east-1c."
 * (docs.aws.amazon.com/AWSEC2/latest/UserGuide/troubleshooting-launch.html). Pure.
 */
export function figuresIn(text: string): RefusalFigures {
  const limit = /vCPU limit of (\d+)/.exec(text)?.[1];
  const size = /(?:sufficient |instance type \()([a-z0-9-]+\.[a-z0-9-]+)/.exec(text)?.[1];
  const zone = /Availability Zone(?: you requested)? \(([a-z]{2}(?:-[a-z]+)+-\d[a-z])\)/.exec(text)?.[1];
  const others = /\bchoosing ((?:[a-z]{2}(?:-[a-z]+)+-\d[a-z](?:, | or )?)+)/.exec(text)?.[1];
  const permission = /not authorized to perform: ([\w-]+:\w+)/.exec(text)?.[1];
  return {
    ...(limit === undefined ? {} : { limit: Number(limit) }),
    ...(size === undefined ? {} : { size }),
    ...(zone === undefined ? {} : { zone }),
    ...(others === undefined ? {} : { otherZones: others.split(/, | or /).filter(Boolean) }),
    ...(permission === undefined ? {} : { permission }),
  };
}

/** EC2 tells a refused caller's right only in encrypted form, hundreds of characters that help nobody. */
const shortened = (text: string) => text.replace(/Encoded authorization failure message: \S+/, "").trim();

/**
 * A refusal out of an error of the SDK, whose name is the code, or out of what the engine prints, where the provider
 * plugin wraps it: "creating EC2 Instance: operation error EC2: RunInstances, https response error StatusCode: 400,
 * RequestID: …, api error VcpuLimitExceeded: You have requested …". Of an instance that ended while it was started it tells
 * EC2's reason: "unexpected state 'terminated' … Client.VolumeLimitExceeded: …"
 * (docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StateReason.html). Pure.
 */
export function failureOf(error: unknown): CloudFailure {
  const text = shortened(messageOf(error));
  const wrapped = [...text.matchAll(/api error ([\w.]+)|\b(?:Client|Server)\.([A-Z]\w+)(?=:)/g)].map(
    ([, called, ended]) => called ?? ended ?? "",
  );
  const own = error instanceof Error && error.name !== "Error" ? [error.name] : [];
  const system = error instanceof Error && "code" in error && typeof error.code === "string" ? [error.code] : [];
  return { codes: [...own, ...system, ...wrapped], text };
}

export function classifyError(error: unknown): Classified {
  return classify(errorRules, failureOf(error));
}

/** Whether the provider says that there is no such thing (any more). */
export function isGone(error: unknown): boolean {
  return failureOf(error).codes.some((code) =>
    /NotFound(Exception)?$|\.NotFound$|\.Unavailable$|^ParameterNotFound$|^NoSuch(Key|Upload)$/.test(code),
  );
}

/**
 * Calls the provider.
 * @param doing what fails, if it does: `could not list the machines in us-west-2`
 * @throws UserError that says what it is about and what to do; a bug of ours is thrown as it is
 */
export async function calling<T>(doing: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof UserError) throw error;
    const classified = classifyError(error);
    if (classified.kind === "bug") throw error;
    throw cloudUserError(doing, classified);
  }
}
