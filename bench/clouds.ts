import { awsCheckout } from "../test/clouds/rehearsal/aws-checkout";
import { azureCheckout } from "../test/clouds/rehearsal/azure-checkout";
import type { CloudCheckout } from "../test/clouds/rehearsal/cloud-checkout";
import type { Scenario } from "./scenario";

const stack = "vm-dev-bench-cloud";

/** What the bare engine needs to find out that nothing has changed, on a played cloud: in a checkout and an account of its own. */
function preview(id: string, open: () => Promise<CloudCheckout>): Scenario {
  let cloud: CloudCheckout | undefined;
  const pulumi = async ({ checkout }: CloudCheckout, ...args: string[]): Promise<number> => {
    const started = performance.now();
    const { code, stdout, stderr } = await checkout.pulumi(...args, "-s", stack);
    if (code !== 0) throw new Error(`pulumi ${args.join(" ")} ended with ${String(code)}:\n${stdout}${stderr}`);
    return (performance.now() - started) / 1000;
  };
  const made = async (): Promise<CloudCheckout> => {
    const opened = await open();
    cloud = opened;
    // The plan is what is measured: there is no guest.
    opened.store.put("policy", { id: "no-machines" });
    // The first command makes the bundles.
    await opened.checkout.kmvm("vm", "--help");
    await pulumi(opened, "up", "--yes", "--skip-preview", "-c", `kmvm:backend=${opened.backend}`);
    await pulumi(opened, "preview", "--expect-no-changes");
    return opened;
  };
  return {
    ids: [id],
    round: async () => {
      const seconds = await pulumi(cloud ?? (await made()), "preview", "--expect-no-changes");
      return { [id]: seconds };
    },
    close: async () => {
      await cloud?.close();
    },
  };
}

export const previewAws = preview("preview.aws", () => awsCheckout());
export const previewAzure = preview("preview.azure", azureCheckout);
