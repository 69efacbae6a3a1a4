import {
  classify,
  cloudUserError,
  type Classified,
  type CloudFailure,
  type ErrorRule,
} from "../../../lib/cloud-errors";
import { messageOf, UserError } from "../../../lib/errors";

const allowKeys =
  "Azure reads the uploaded disk by its account's key: az storage account update -n <account> --allow-shared-key-access true";

/**
 * What the refusals of Azure are. Codes: learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors,
 * of quota error-resource-quota, of capacity error-sku-not-available and
 * learn.microsoft.com/troubleshoot/azure/virtual-machines/windows/allocation-failure; of logging in
 * learn.microsoft.com/entra/identity-platform/reference-error-codes. The first that fits holds: narrow ones come first.
 */
export const errorRules: readonly ErrorRule[] = [
  {
    // The same code also says that an operation is not allowed in this state: only the text tells.
    code: /^(OperationNotAllowed|QuotaExceeded)$/,
    text: /quota/i,
    kind: "quota",
    hint: "wait until other machines are gone, choose a size of another family, or ask for more: kmvm quota --backend azure",
  },
  {
    // Of addresses: IPv4StandardSkuPublicIpCountLimitReached, StandardSkuPublicIPCountLimitReached and others.
    code: /^(ResourceQuotaExceeded|\w*PublicIPCountLimitReached|ResourceGroupQuotaExceeded|StorageAccountQuotaExceeded)$/i,
    kind: "quota",
    hint: "remove what nobody needs: kmvm gc",
  },
  {
    code: /^(SkuNotAvailable|AllocationFailed|ZonalAllocationFailed|OverconstrainedAllocationRequest|OverconstrainedZonalAllocationRequest|SpotEvicted)$/,
    kind: "capacity",
    hint: "try later, or another size (--set size=…) or location: kmvm doctor --backend azure lists what is on offer",
  },
  {
    // learn.microsoft.com/azure/virtual-machines/error-codes-spot
    code: /^(AzureSpot\w+|VMPriorityCannotBeApplied|SpotPriceGreaterThanProvidedMaxPrice)$/,
    kind: "settings",
    hint: "what is asked for is not to be had as a spot machine: --set spot=false",
  },
  {
    // learn.microsoft.com/troubleshoot/azure/virtual-machines/linux/provisioning-error-messages
    code: /^(OSProvisioningTimedOut|OSProvisioningClientError|VMStartTimedOut)$/,
    kind: "transient",
    hint: "the guest did not report that it is ready; if it does not at the next try either, its console says why: runs/<stack>/console.log has it, and kmvm logs <stack> --console -f while the machine is being made",
  },
  {
    code: /^(TooManyRequests|SubscriptionRequestsThrottled|OperationNotAllowedDueToThrottling|RetryableErrorDueToAnotherOperation|429)$/,
    kind: "throttled",
    hint: "too many calls in the subscription at the moment: try again in some minutes",
  },
  {
    code: /^(AuthorizationFailed|AuthorizationFailure|LinkedAuthorizationFailed|AuthorizationPermissionMismatch|RequestDisallowedByPolicy|ScopeLocked)$/,
    kind: "permission",
    hint: "docs/azure.md has the roles that may do what is needed, and one that was given just now takes minutes to hold; a lock or a policy of the subscription can be in the way, too",
  },
  {
    code: /^(CredentialUnavailableError|AggregateAuthenticationError|AuthenticationError|AuthenticationRequiredError|InvalidAuthenticationToken|InvalidAuthenticationTokenTenant|ExpiredAuthenticationToken|AuthenticationFailed|SubscriptionNotFound|invalid_client)$/,
    kind: "credentials",
    hint: "log in: az login, or set AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_FEDERATED_TOKEN_FILE",
  },
  { text: /AADSTS\d+/, kind: "credentials", hint: "log in again: az login" },
  {
    code: /^(MissingSubscriptionRegistration|FeatureNotRegistered|DisallowedProvider)$/,
    kind: "settings",
    hint: "register what it names once for the subscription: az provider register --namespace …",
  },
  { code: /^KeyBasedAuthenticationNotPermitted$/, kind: "settings", hint: allowKeys },
  { code: /^(InvalidParameter|BadRequest)$/, text: /blob\b.* is not accessible/i, kind: "settings", hint: allowKeys },
  {
    code: /^(ImageNotFound|GalleryImageNotFound|GalleryImageVersionNotFound)$/,
    kind: "settings",
    hint: "publish the image: kmvm image publish L0-base --backend azure",
  },
  {
    code: /^(InvalidParameter|InvalidTemplate|InvalidTemplateDeployment|BadRequest|PropertyChangeNotAllowed|LocationNotAvailableForResourceType|InvalidResourceLocation|NoRegisteredProviderFound|ResourceGroupNotFound|ParentResourceNotFound|InvalidSubscriptionId)$/,
    kind: "settings",
    hint: "mend the setting that it names: see docs/azure.md",
  },
  {
    code: /^(InternalServerError|InternalExecutionError|InternalOperationError|OperationTimedOut|ServerTimeout|ServiceUnavailable|GatewayTimeout|OperationPreempted|AnotherOperationInProgress|RetryableError|ECONNRESET|ECONNREFUSED|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|REQUEST_SEND_ERROR|50[0234])$/,
    kind: "transient",
    hint: "try again; if it stays so, see whether this machine reaches the network",
  },
];

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

/**
 * An error and all that it wraps, outermost first: bodies nest as `{ error: { code, message, details: [...] } }`, a
 * detail's message is sometimes such a body as JSON text, and the SDK puts the body under `details` or
 * `response.parsedBody` of its error.
 */
function* layers(value: unknown, depth = 0): Generator<{ code?: string; text?: string }> {
  if (depth > 8) return;
  if (typeof value === "string") {
    if (/^\s*[{[]/.test(value)) yield* layers(parsed(value), depth + 1);
    return;
  }
  if (Array.isArray(value)) {
    for (const one of value) yield* layers(one, depth + 1);
    return;
  }
  if (!isRecord(value)) return;
  const { code, message, name } = value;
  const isBody = typeof message === "string" && /^\s*\{/.test(message);
  yield {
    ...(typeof code === "string" ? { code } : {}),
    ...(typeof message === "string" && !isBody ? { text: message } : {}),
  };
  // The errors of the login chain have a name and no code.
  if (typeof name === "string" && /^(Credential|Aggregate|Authentication)/.test(name)) yield { code: name };
  for (const key of ["error", "details", "innererror", "innerError", "errors", "cause", "message"])
    if (key !== "message" || isBody) yield* layers(value[key], depth + 1);
  const status = value["statusCode"];
  if (typeof status === "number" && code === undefined) yield { code: String(status) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * The engine gives an error of its provider as text only: `Status=409 Code="OperationNotAllowed" Message="…"`, or the Go
 * SDK's `ERROR CODE: OperationNotAllowed` above the body
 * (github.com/Azure/azure-sdk-for-go/blob/main/sdk/azcore/internal/exported/response_error.go).
 */
function codesIn(text: string): string[] {
  return [...text.matchAll(/(?:\bCode="|ERROR CODE: |"code":\s*")([A-Za-z]\w*)/g)].flatMap(([, code]) => code ?? []);
}

/** Codes and text of anything that a call threw, or of the text of an error. Pure. */
export function failureOf(error: unknown): CloudFailure {
  const plain = typeof error === "string" ? error : error instanceof Error && !("code" in error) ? error.message : "";
  const found = [...layers(error), ...codesIn(plain).map((code) => ({ code, text: undefined }))];
  const unique = (values: (string | undefined)[]) => [...new Set(values.filter((value) => value !== undefined))];
  const texts = unique(found.map(({ text }) => text?.trim()).map((text) => text || undefined));
  return { codes: unique(found.map(({ code }) => code)), text: texts.join("; ") || messageOf(error) };
}

/** The figures of a refusal for quota. */
export interface QuotaRefusal {
  /** `standardDSv5Family`, `Total Regional`. */
  readonly name: string;
  readonly limit: number;
  readonly used: number;
  readonly needed: number;
}

/** Undefined where the text has none. Pure. */
export function quotaRefusal(text: string): QuotaRefusal | undefined {
  const number = (label: string) => {
    const digits = new RegExp(`${label}:\\s*(\\d+)`, "i").exec(text)?.[1];
    return digits === undefined ? undefined : Number(digits);
  };
  const name = /exceeding approved (.+?) (?:Cores |vCPUs )?quota/i.exec(text)?.[1]?.replace(/ Cores$/i, "");
  const [limit, used, needed] = [number("Current Limit"), number("Current Usage"), number("Additional Required")];
  if (name === undefined || limit === undefined || used === undefined || needed === undefined) return undefined;
  return { name, limit, used, needed };
}

/** What an error is, with the figures of a quota in place of the provider's long text. Pure. */
export function classifyAzure(error: unknown): Classified {
  const failure = failureOf(error);
  const classified = classify(errorRules, failure);
  const figures = classified.kind === "quota" ? quotaRefusal(failure.text) : undefined;
  if (!figures) return classified;
  const { name, limit, used, needed } = figures;
  return { ...classified, message: `needs ${needed} vCPU of ${name}, ${used} of ${limit} used` };
}

/** Runs a call; what it throws is told in the user's words. @param doing `could not stop test-ci-1` */
export async function told<T>(doing: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw cloudUserError(doing, classifyAzure(error));
  }
}
