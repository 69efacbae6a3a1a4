import type { AwsSettings } from "./settings";

/**
 * The SDK says at its first use that later versions will need a newer Node. This project pins one that does not, and
 * nobody who runs tests can do anything about it.
 */
process.env["AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED"] ??= "true";

/**
 * What every client of an account's region is made with. Credentials are those of the SDK's standard chain: environment,
 * profile, web identity, metadata service. Only throttling and what passes by itself is tried again, with backoff
 * (docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html).
 */
export function clientOf({ region }: Pick<AwsSettings, "region">) {
  return { region, maxAttempts: 5, retryMode: "standard" } as const;
}

/** All that a paginator gives. */
export async function collect<Page, Item>(
  pages: AsyncIterable<Page>,
  items: (page: Page) => readonly Item[] | undefined,
): Promise<Item[]> {
  const all: Item[] = [];
  for await (const page of pages) all.push(...(items(page) ?? []));
  return all;
}

interface Tag {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

/** Tags as the API gives them, as a record. */
export function tagsOf(tags: readonly Tag[] | undefined): Record<string, string> {
  return Object.fromEntries((tags ?? []).map(({ Key = "", Value = "" }) => [Key, Value]));
}
