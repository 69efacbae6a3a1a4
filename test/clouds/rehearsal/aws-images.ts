import { imageParameters } from "../../../components/backends/aws/image-names";
import type { Account } from "../aws/account";
import { images, snapshots, type Image, type Snapshot } from "../aws/image-model";
import { instances, type Instance } from "../aws/instance-model";
import { parameters, type Parameter } from "../aws/parameter";
import { imageName } from "./local-image";
import type { FoundImage, PublishedImages } from "./published-images";

const own = { parameterPrefix: "/kmvm/images" };

function valueOf({ store }: Account, name: string): string {
  const parameter = store.get<Parameter>(parameters, name);
  if (!parameter) throw new Error(`there is no parameter ${name}`);
  return parameter.value;
}

function versionOf(account: Account, version: string): FoundImage {
  const id = valueOf(account, imageParameters.version(own, imageName, version));
  const ami = account.store.get<Image>(images, id);
  if (!ami) throw new Error(`${version} is ${id}, which does not exist`);
  const snapshot = account.store.get<Snapshot>(snapshots, ami.snapshotId);
  if (!snapshot) throw new Error(`${id} is made of ${ami.snapshotId}, which does not exist`);
  return { version, id, disk: snapshot.disk };
}

/** What an account holds of the image. */
export const publishedToAws = (account: Account): PublishedImages => ({
  promoted: () => versionOf(account, valueOf(account, imageParameters.promoted(own, imageName))),
  version: (version) => versionOf(account, version),
  bootedFrom: () =>
    account.store
      .list<Instance>(instances)
      .sort((a, b) => Date.parse(a.launchTime) - Date.parse(b.launchTime))
      .map(({ imageId }) => imageId),
});
