import type { Instance } from "@aws-sdk/client-ec2";
import {
  GetServiceQuotaCommand,
  GetAWSDefaultServiceQuotaCommand,
  ServiceQuotasClient,
} from "@aws-sdk/client-service-quotas";
import type { Settings } from "../../../stacks/settings";
import type { QuotaFigure } from "../facets";
import { clientOf } from "./clients";
import { calling, isGone } from "./errors";
import { describeInstances } from "./instances";
import { typeOf } from "./machine-plan";
import type { AwsSettings } from "./settings";
import { findType } from "./sizes";

/**
 * Limits of the vCPUs of all running instances of the standard families, A, C, D, H, I, M, R, T and Z, bare metal
 * included (docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html): every type of our table is of them.
 */
const quotas = {
  "on-demand": { code: "L-1216C47A", name: "Running On-Demand Standard instances" },
  spot: { code: "L-34B43A08", name: "All Standard Spot Instance Requests" },
} as const;
type Market = keyof typeof quotas;

/** Families of accelerators and large memory have limits of their own, though their letters are among ours. */
const standard = /^(?!(dl|inf|trn|vt|mac|hpc|u-|u7|p|g|f|x))[acdhimrtz]/;
/** Stopped instances count for nothing, those on their way out still do. */
const counted = new Set(["pending", "running", "stopping", "shutting-down"]);

/** What counts is what the type has, also where the machine was given fewer. */
function vcpusOf({ InstanceType, CpuOptions }: Instance): number {
  return findType(InstanceType ?? "")?.vcpus ?? (CpuOptions?.CoreCount ?? 0) * (CpuOptions?.ThreadsPerCore ?? 1);
}

/** Pure: vCPUs that count against a market's limit. */
export function vcpusUsed(instances: readonly Instance[], market: Market): number {
  return instances
    .filter(({ InstanceType = "", State, InstanceLifecycle }) => {
      const lifecycle: Market = InstanceLifecycle === "spot" ? "spot" : "on-demand";
      return lifecycle === market && standard.test(InstanceType) && counted.has(State?.Name ?? "");
    })
    .reduce((sum, instance) => sum + vcpusOf(instance), 0);
}

/** A limit that was never changed is told as the default one only. */
async function limitOf(own: AwsSettings, QuotaCode: string): Promise<number> {
  const client = new ServiceQuotasClient(clientOf(own));
  const which = { ServiceCode: "ec2", QuotaCode };
  try {
    return await calling(`could not read quota ${QuotaCode} in ${own.region}`, async () => {
      try {
        return (await client.send(new GetServiceQuotaCommand(which))).Quota?.Value ?? 0;
      } catch (error) {
        if (!isGone(error) && !(error instanceof Error && error.name === "NoSuchResourceException")) throw error;
        return (await client.send(new GetAWSDefaultServiceQuotaCommand(which))).Quota?.Value ?? 0;
      }
    });
  } finally {
    client.destroy();
  }
}

/** The limit that a machine of these settings meets. Instances of everybody in the account count. */
export async function quotaFigures(own: AwsSettings, settings: Settings): Promise<QuotaFigure[]> {
  const market: Market = settings.spot ? "spot" : "on-demand";
  const { code, name } = quotas[market];
  const [limit, instances] = await Promise.all([limitOf(own, code), describeInstances(own, [])]);
  const used = vcpusUsed(instances, market);
  return [{ name: `${name} (${code})`, region: own.region, unit: "vCPU", used, limit, needed: typeOf(settings).vcpus }];
}
