import { profileSettings } from "../../cli/chosen-backend";
import type { CliContext } from "../../cli/context";
import { loadFacets } from "../../components/backends/load";
import { repositoryRoot } from "../../lib/paths";
import { differenceOf, type CloudUnderTest } from "../clouds/rehearsal/cloud-checkout";
import { ownCheckout } from "../support/own-checkout";

/** A checkout on the account that the profile and the environment of whoever runs this name. */
export async function realAccount(backend: CloudUnderTest["backend"], stack: string): Promise<CloudUnderTest> {
  const context = { root: repositoryRoot(), environment: process.env } as CliContext;
  const settings = await profileSettings(context, { backend, profile: "dev" });
  const { inventory, leftovers } = await loadFacets(backend, settings[backend]);
  /** Only what is of this stack: others may be at work in the account. */
  const holdings = async (): Promise<string[]> => {
    const [machines, remains] = await Promise.all([inventory.list(), leftovers.list()]);
    return [
      ...machines.filter((machine) => machine.stack === stack).map(({ id }) => `machine ${id}`),
      ...remains.filter(({ tags }) => tags?.stack === stack).map(({ id }) => `remains ${id}`),
    ];
  };
  const before = await holdings();
  const checkout = ownCheckout();
  return {
    backend,
    checkout,
    difference: async () => differenceOf(before, await holdings()),
    async close() {
      // A test that has failed may have left it, and it costs.
      await checkout.kmvm("vm", "delete", stack);
      checkout.remove();
    },
  };
}
