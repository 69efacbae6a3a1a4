import { planGc } from "../cli/gc-plan";
import type { Facets } from "../components/backends/facets";
import type { BackendName } from "../stacks/settings";
import { addMachine } from "../test/clouds/fake-arm/account";
import { openAccount } from "../test/clouds/fake-arm/open-account";
import { manyMachines, type ManyMachines } from "../test/clouds/moto/many-machines";
import type { Scenario } from "./scenario";

const count = 1000;

/** Seconds that work on so many machines takes. @param work gives how many machines it has seen */
async function seconds(work: () => Promise<number>): Promise<number> {
  const started = performance.now();
  const seen = await work();
  if (seen !== count) throw new Error(`${seen} of ${count} machines were seen`);
  return (performance.now() - started) / 1000;
}

/** What `kmvm gc` asks an account, and what it makes of the answers. @returns how many machines are to go: all have expired */
async function listAndJudge(backend: BackendName, { inventory, leftovers }: Facets): Promise<number> {
  const machines = (await inventory.list()).map((machine) => ({ ...machine, backend, makerGone: false }));
  const remains = (await leftovers.list()).map((one) => ({ ...one, backend }));
  const nothing = { stacks: [], builds: [], files: [], processes: [] };
  return planGc({ ...nothing, backendHash: "of another", machines, remains }, Date.now()).findings.length;
}

let account: ManyMachines | undefined;

export const gcAws: Scenario = {
  ids: ["gc.aws_bare", "gc.aws"],
  round: async () => {
    account ??= await manyMachines(count);
    const { facets, listBare } = account;
    return { "gc.aws_bare": await seconds(listBare), "gc.aws": await seconds(() => listAndJudge("aws", facets)) };
  },
  close: async () => {
    await account?.close();
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
