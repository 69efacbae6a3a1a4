import * as pulumi from "@pulumi/pulumi";
import type { BackendName } from "../../components/backends/registry";
import { program } from "../../stacks/program";
import { playedAnswers, playedNames, playedOutputs } from "../component/played-providers";

/** A resource as the program registers it. */
export interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
  readonly provider: string | undefined;
}

/** Settings without which a backend has no machines. */
export const needed: Readonly<Record<string, Record<string, unknown>>> = {
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

/** What plugins are played as, where it is not as in played-providers.ts. */
export interface Play {
  /** Settings of the stack beside those that are needed. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** @default a state in a file */
  readonly environment?: NodeJS.ProcessEnv;
  readonly runId?: string;
  /** What is added to the inputs of a resource, by its type. */
  readonly outputs?: Readonly<Record<string, Record<string, unknown>>>;
  readonly answers?: typeof playedAnswers;
  /** A choice that was made before. @default the present one */
  readonly pinned?: string;
  /** Gets what is registered, also when the program fails. */
  readonly registered?: Registered[];
}

export interface Declared {
  readonly registered: readonly Registered[];
  readonly invoked: readonly { readonly token: string; readonly inputs: Record<string, unknown> }[];
  /** What the program exports. */
  readonly exports: Record<string, unknown>;
  ofType(pattern: RegExp): Registered[];
}

/** Runs the program of a stack against stand-ins of all plugins. @throws what the program throws */
export async function declare(stack: string, backend: BackendName, play: Play = {}): Promise<Declared> {
  const {
    settings = {},
    environment = { PULUMI_BACKEND_URL: "file:///state" },
    runId,
    outputs,
    answers,
    pinned,
    registered = [],
  } = play;
  const invoked: Declared["invoked"][number][] = [];
  const values = { backend, ...needed[backend], ...settings };
  pulumi.runtime.setAllConfig(
    Object.fromEntries(
      Object.entries(values).map(([key, value]) => [
        `kmvm:${key}`,
        typeof value === "string" ? value : JSON.stringify(value),
      ]),
    ),
  );
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs, provider }) => {
        const given = inputs as Record<string, unknown>;
        registered.push({ type, name, inputs: given, provider });
        const extra = { ...playedOutputs[type], ...outputs?.[type] };
        const run = type === "kmvm:index:Run" && runId !== undefined ? { runId } : {};
        const choice = type === "kmvm:index:Pinned" ? { value: pinned ?? given["current"] } : {};
        return {
          id: `${name}-id`,
          state: { name: given[playedNames[type] ?? ""] ?? name, ...given, ...extra, ...run, ...choice },
        };
      },
      call: ({ token, inputs }) => {
        const given = inputs as Record<string, unknown>;
        invoked.push({ token, inputs: given });
        const answer = answers?.[token] ?? playedAnswers[token];
        if (!answer) throw new Error(`${token} is asked for nothing here: see played-providers.ts`);
        return answer(given);
      },
    },
    "kmvm",
    stack,
    false,
  );
  const exports = await program(environment);
  // Everything that is registered hangs on an output in the end; a late child would be missed otherwise.
  await pulumi.runtime.disconnect();
  return { registered, invoked, exports, ofType: (pattern) => registered.filter(({ type }) => pattern.test(type)) };
}

/** The value of an output; secrets in clear. */
export const valueOf = <T>(output: pulumi.Input<unknown>): Promise<T> =>
  new Promise((resolve, reject) => {
    (pulumi.output(output) as pulumi.Output<unknown>).apply((value) => {
      resolve(value as T);
    });
    setTimeout(reject, 3000, new Error("the output never came")).unref();
  });
