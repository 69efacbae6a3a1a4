import type { FaultKind } from "../lib/faults";
import { ArmError, lostText, providerText } from "./arm-error";

/**
 * What each fault is called. Codes and texts:
 * @see https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors
 * @see https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-resource-quota
 * @see https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling
 */
export const refusals: Readonly<
  Record<Exclude<FaultKind, "lost" | "slow" | "stuck-before" | "stuck-after">, ArmError>
> = {
  fail: new ArmError("InternalServerError", "An internal server error has occurred.", 500),
  capacity: new ArmError(
    "AllocationFailed",
    "Allocation failed. We do not have sufficient capacity for the requested VM size in this region.",
    409,
  ),
  quota: new ArmError(
    "OperationNotAllowed",
    "Operation could not be completed as it results in exceeding approved standardDSv5Family Cores quota. Additional details - Deployment Model: Resource Manager, Location: westus2, Current Limit: 48, Current Usage: 46, Additional Required: 4, (Minimum) New Limit Required: 50.",
    409,
  ),
  throttled: new ArmError("TooManyRequests", "The request is being throttled as the limit has been reached.", 429),
};

/** The error of a call that a fault has hit, in the provider's words. */
export function faultError(kind: FaultKind, _step: string, token: string): Error {
  switch (kind) {
    case "lost":
    case "stuck-before":
    case "stuck-after":
      return new Error(lostText(`/${token}`));
    case "slow":
      return new Error(`${token}: polling failed: context deadline exceeded`);
    case "fail":
    case "capacity":
    case "quota":
    case "throttled":
      return new Error(providerText(refusals[kind]));
  }
}
