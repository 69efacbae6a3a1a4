import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { ownCheckout } from "../../support/own-checkout";
import { holdings } from "../aws/account";
import { startApi, type ApiServer } from "../aws/api/server";
import { region } from "../aws/facts";
import { callerAddress } from "../lib/networks";
import { folderOf, instances, type Instance } from "../aws/instance-model";
import { timePasses } from "../aws/schedule";
import { awsRehearsal, givenThings, type AwsRehearsal } from "./aws";
import { publishedToAws } from "./aws-images";
import { commonProfile, differenceOf } from "./cloud-checkout";
import { imageName, localImage, otherVersion } from "./local-image";
import { installCommandPlugin } from "./plugin-home";
import type { PublishingCheckout } from "./published-images";

/** A checkout of the whole program whose backend aws is the played one. */
export interface AwsCheckout extends PublishingCheckout {
  readonly rehearsal: AwsRehearsal;
  readonly api: ApiServer;
}

/** What a person writes into the profile to use an account. */
const profile = `${commonProfile(callerAddress)}  kmvm:aws:
    region: ${region}
    bucket: ${givenThings.bucket}
    scheduleRoleArn: ${givenThings.schedulerRole}
`;

/** @param image whether this host's image is in the account, published and promoted. @default "promoted" */
export async function awsCheckout(image: "promoted" | "none" = "promoted"): Promise<AwsCheckout> {
  const rehearsal = awsRehearsal();
  if (image === "promoted") {
    const { disk, version } = localImage();
    await rehearsal.giveImage(disk, 4, version, "promoted");
    await rehearsal.giveImage(disk, 4, otherVersion, "candidate");
  }
  const api = await startApi(rehearsal.account.store.folder);
  const pulumiHome = join(rehearsal.account.store.folder, "pulumi");
  const checkout = ownCheckout({ ...rehearsal.environment, PULUMI_HOME: pulumiHome, AWS_ENDPOINT_URL: api.url });
  installCommandPlugin(pulumiHome, checkout.folder);
  rehearsal.install(pulumiHome);
  appendFileSync(join(checkout.folder, "Pulumi.dev.yaml"), profile);
  const { account } = rehearsal;
  const before = holdings(account);
  const living = () =>
    account.store
      .list<Instance>(instances)
      .filter(({ state }) => state !== "terminated")
      .map(({ id }) => id);
  return {
    backend: "aws",
    rehearsal,
    api,
    checkout,
    store: account.store,
    images: publishedToAws(account),
    otherImage: `${imageName}@${otherVersion}`,
    difference: () => differenceOf(before, holdings(account)),
    problems: () => api.problems,
    living,
    machineFolders: () => living().map((id) => folderOf(account, id)),
    timePasses: (until) => timePasses(account, until),
    close: async () => {
      checkout.remove();
      await api.close();
      await rehearsal.close();
    },
  };
}
