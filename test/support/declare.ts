import * as pulumi from "@pulumi/pulumi";
import { program } from "../../stacks/program";
import { playedAnswers, playedOutputs } from "../component/played-providers";

/** A resource as the program registers it. */
export interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
}

/** Settings without which a backend has no machines. */
export const needed: Readonly<Record<"qemu" | "aws" | "azure", Record<string, unknown>>> = {
  qemu: {},
  aws: {
    aws: {
      ...{ region: "us-west-2", bucket: "publishing" },
      scheduleRoleArn: "arn:aws:iam::123456789012:role/kmvm-expiry",
    },
  },
  azure: {
    azure: {
      ...{ subscriptionId: "11111111-2222-3333-4444-555555555555", location: "westus2" },
      ...{ resourceGroup: "kmvm-images", gallery: "kmvm", storageAccount: "kmvmimages" },
      expiryIdentityId:
        "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/kmvm-images/providers/Microsoft.ManagedIdentity/userAssignedIdentities/kmvm-expiry",
    },
  },
};

export interface Declared {
  readonly registered: readonly Registered[];
  ofType(pattern: RegExp): Registered[];
}

/** Runs the program of a stack against stand-ins of all plugins. @throws what the program throws */
export async function declare(
  stack: string,
  backend: keyof typeof needed,
  { settings = {}, runId = "ab12cd34" }: { settings?: Record<string, unknown>; runId?: string } = {},
): Promise<Declared> {
  const registered: Registered[] = [];
  const values = { backend, ...needed[backend], ...settings };
  pulumi.runtime.setAllConfig(
    Object.fromEntries(
      Object.entries(values).map(([key, value]) => [
        `kmvm:${key}`,
        typeof value === "string" ? value : JSON.stringify(value),
      ]),
    ),
  );
  const run = { createdAt: "2026-01-01T00:00:00.000Z", expiresAt: "2026-01-01T04:00:00.000Z", owner: "me@here" };
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => {
        const given = inputs as Record<string, unknown>;
        registered.push({ type, name, inputs: given });
        const extra = type === "kmvm:index:Run" ? { runId, ...run } : playedOutputs[type];
        const pinned = type === "kmvm:index:Pinned" ? { value: given["current"] } : {};
        return { id: `${name}-id`, state: { name, ...given, ...extra, ...pinned } };
      },
      call: ({ token, inputs }) => {
        const answer = playedAnswers[token];
        if (!answer) throw new Error(`no stand-in for ${token}`);
        return answer(inputs as Record<string, unknown>);
      },
    },
    "kmvm",
    stack,
    false,
  );
  await program({ PULUMI_BACKEND_URL: "file:///state" });
  // Everything that is registered hangs on an output in the end; a late child would be missed otherwise.
  await pulumi.runtime.disconnect();
  return { registered, ofType: (pattern) => registered.filter(({ type }) => pattern.test(type)) };
}
