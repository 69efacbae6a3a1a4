import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openAccount, type Account } from "../aws/account";
import { accountId, credentials, region } from "../aws/facts";
import { images, snapshots, type Image, type Snapshot } from "../aws/image-model";
import { folderOf, instances } from "../aws/instance-model";
import { putParameter } from "../aws/parameter";
import { bundle } from "../lib/bundle";
import { endMachines, type Disk } from "../lib/machine/control";
import { digest } from "../lib/rehearsed";
import { installPlugin } from "./plugin-home";

/** What the account holds before any test: what a person with an account has set up once. */
export const givenThings = {
  schedulerRole: `arn:aws:iam::${accountId}:role/kmvm-scheduler`,
  importRole: `arn:aws:iam::${accountId}:role/vmimport`,
  bucket: "kmvm-images-example",
  image: "L0-base",
  imagePrefix: "/kmvm/images/L0-base",
} as const;

/** A played account, and the plugin that plays the provider. */
export interface AwsRehearsal {
  readonly account: Account;
  /** What a person has in the environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Installs the plugin as `aws` of the SDK's version. @param pulumiHome a throw-away PULUMI_HOME */
  install(pulumiHome: string): void;
  /** Puts a version of the image there, as if it had been published. @returns its id */
  giveImage(disk: Disk, sizeGiB: number, version: string, stage: "promoted" | "candidate"): Promise<string>;
  /** Ends every machine, and removes the account. */
  close(): Promise<void>;
}

export function awsRehearsal(): AwsRehearsal {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "kmvm-aws-"));
  const account = openAccount(folder);
  const { store } = account;
  bundle("aws/main.ts", join(folder, "bin", "aws.js"));
  bundle("aws/host-main.ts", join(folder, "bin", "aws-host.js"));
  store.put("role", { id: givenThings.schedulerRole });
  store.put("role", { id: givenThings.importRole });
  store.put("bucket", { id: givenThings.bucket });

  return {
    account,
    environment: { ...credentials, AWS_REGION: region },
    install: (pulumiHome) => {
      installPlugin(pulumiHome, { name: "aws", version: "7.48.0", variable: "KMVM_REHEARSAL_AWS", folder });
    },
    giveImage: (disk, sizeGiB, version, stage) =>
      store.exclusively(() => {
        const number = digest(17, version);
        const id = `ami-${number}`;
        const common = { description: "", tags: {}, createdAt: new Date().toISOString() };
        const snapshot: Snapshot = { ...common, id: `snap-${number}`, disk, sizeGiB, encrypted: false };
        const image: Image = {
          ...common,
          id,
          name: `L0-base-given-${number}`,
          snapshotId: snapshot.id,
          architecture: "x86_64",
          bootMode: "uefi",
          rootDeviceName: "/dev/xvda",
          enaSupport: true,
          imdsSupport: "v2.0",
          tpmSupport: undefined,
          volumeType: "gp3",
        };
        store.put(snapshots, snapshot);
        store.put(images, image);
        const parameter = { type: "String", tags: {} };
        const { imagePrefix } = givenThings;
        putParameter(
          account,
          { ...parameter, id: `${imagePrefix}/versions/${version}`, dataType: "aws:ec2:image", value: id },
          true,
        );
        if (stage === "promoted")
          putParameter(
            account,
            { ...parameter, id: `${imagePrefix}/promoted`, dataType: "text", value: version },
            true,
          );
        return id;
      }),
    async close() {
      await endMachines(store.list(instances).map(({ id }) => folderOf(account, id)));
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
