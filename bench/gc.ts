import { paginateDescribeInstances, RunInstancesCommand } from "@aws-sdk/client-ec2";
import { awsFacets } from "../components/backends/aws/facets";
import type { Facets } from "../components/backends/facets";
import type { BackendName } from "../stacks/settings";
import { planGc } from "../cli/gc-plan";
import { toTags } from "../lib/tags";
import { addMachine } from "../test/clouds/fake-arm/account";
import { openAccount } from "../test/clouds/fake-arm/open-account";
import { anyAmi, ec2, own, tagged, tagsOfRun } from "../test/clouds/moto/machine";
import { Moto } from "../test/clouds/moto/server";
import type { Scenario } from "./scenario";

const count = 1000;
const seconds = async (work: () => Promise<void>): Promise<number> => {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
};

/** What `kmvm gc` asks an account, and what it makes of the answers: all of the machines have expired. */
async function listAndJudge(backend: BackendName, { inventory, leftovers }: Facets): Promise<void> {
  const machines = (await inventory.list()).map((machine) => ({ ...machine, backend, makerGone: false }));
  const remains = (await leftovers.list()).map((one) => ({ ...one, backend }));
  const nothing = { stacks: [], builds: [], files: [], processes: [] };
  const { findings } = planGc({ ...nothing, backendHash: "of another", machines, remains }, Date.now());
  if (findings.length !== count) throw new Error(`${findings.length} of ${count} machines are to go`);
}

async function listBare(): Promise<void> {
  const client = ec2();
  let seen = 0;
  for await (const { Reservations = [] } of paginateDescribeInstances({ client, pageSize: 500 }, {}))
    for (const { Instances = [] } of Reservations) seen += Instances.length;
  client.destroy();
  if (seen !== count) throw new Error(`${seen} of ${count} machines are listed`);
}

async function fillMoto(): Promise<void> {
  const client = ec2();
  for (let n = 0; n < count; n += 1)
    await client.send(
      new RunInstancesCommand({
        ...{ ImageId: anyAmi, InstanceType: "m5.large", MinCount: 1, MaxCount: 1 },
        TagSpecifications: tagged(["instance"], toTags(tagsOfRun(`run${n}`))),
      }),
    );
  client.destroy();
}

let moto: Moto | undefined;
let leave: (() => void) | undefined;

export const gcAws: Scenario = {
  ids: ["gc.aws_bare", "gc.aws"],
  round: async () => {
    if (!moto) {
      moto = await Moto.start();
      leave = moto.enter();
      await fillMoto();
    }
    const bare = await seconds(listBare);
    return { "gc.aws_bare": bare, "gc.aws": await seconds(() => listAndJudge("aws", awsFacets(own))) };
  },
  close: async () => {
    leave?.();
    await moto?.stop();
  },
};

export const gcAzure: Scenario = {
  ids: ["gc.azure"],
  round: async () => {
    const { arm, facets } = openAccount();
    await arm.listen();
    try {
      for (let n = 0; n < count; n += 1)
        addMachine(arm, { stack: `test-ci-${n}`, runId: n.toString(36).padStart(8, "0") });
      return { "gc.azure": await seconds(() => listAndJudge("azure", facets)) };
    } finally {
      await arm.close();
    }
  },
};
