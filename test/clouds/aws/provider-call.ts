import type { Account } from "./account";
import { ApiError, providerText, type Operation } from "./api-error";

/** Runs one transaction of an API call, and puts a refusal into the provider's words. */
export async function providerCall<T>(
  account: Account,
  doing: string,
  operation: Operation,
  work: () => T,
): Promise<T> {
  account.call(`${operation.service.toLowerCase()}:${operation.name}`);
  try {
    return await account.store.exclusively(work);
  } catch (error) {
    if (error instanceof ApiError) throw new Error(providerText(doing, operation, error));
    throw error;
  }
}
