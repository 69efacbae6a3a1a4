import { paginateDescribeInstances, RunInstancesCommand } from "@aws-sdk/client-ec2";
import { awsFacets } from "../../../components/backends/aws/facets";
import type { Facets } from "../../../components/backends/facets";
import { toTags } from "../../../lib/tags";
import { anyAmi, ec2, own, tagged, tagsOfRun } from "./machine";
import { Moto } from "./server";

/** An account with many machines of ours, each of a run of its own, and nothing else. */
export interface ManyMachines {
  readonly facets: Facets;
  /** Lists them by the SDK alone. @returns how many there are */
  listBare(): Promise<number>;
  close(): Promise<void>;
}

export async function manyMachines(count: number): Promise<ManyMachines> {
  const moto = await Moto.start();
  const leave = moto.enter();
  const client = ec2();
  for (let n = 0; n < count; n += 1)
    await client.send(
      new RunInstancesCommand({
        ...{ ImageId: anyAmi, InstanceType: "m5.large", MinCount: 1, MaxCount: 1 },
        TagSpecifications: tagged(["instance"], toTags(tagsOfRun(`run${n}`))),
      }),
    );
  return {
    facets: awsFacets(own),
    listBare: async () => {
      let seen = 0;
      for await (const { Reservations = [] } of paginateDescribeInstances({ client, pageSize: 500 }, {}))
        for (const { Instances = [] } of Reservations) seen += Instances.length;
      return seen;
    },
    close: async () => {
      client.destroy();
      leave();
      await moto.stop();
    },
  };
}
