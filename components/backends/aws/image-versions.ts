import { chunks } from "../../../lib/chunks";
import { ExitCode, UserError } from "../../../lib/errors";
import type { PublishedVersion } from "../facets";
import { readPromoted, readPromotions, readVersions, removeVersion, writePromoted } from "./image-pointers";
import { removeImageResource } from "./image-removal";
import { listImages, snapshotsOfOthers } from "./image-resources";
import { describeInstances, mostValues } from "./instances";
import type { AwsSettings } from "./settings";

/** Images that instances, of whomever, were made of. */
async function usedImages(own: AwsSettings, amis: readonly string[]): Promise<Set<string>> {
  const found = await Promise.all(
    chunks(amis, mostValues).map((Values) => describeInstances(own, [{ Name: "image-id", Values }])),
  );
  return new Set(found.flat().flatMap(({ ImageId }) => (ImageId === undefined ? [] : [ImageId])));
}

/** Versions of an image that can be used, the oldest first. One without its AMI, after a removal was cut short, is none. */
export async function listVersions(own: AwsSettings, name: string): Promise<PublishedVersion[]> {
  const [versions, promoted, promotions, images] = await Promise.all([
    readVersions(own, name),
    readPromoted(own, name),
    readPromotions(own, name),
    listImages(own),
  ]);
  const made = new Map(images.map(({ id, createdAt }) => [id, createdAt]));
  const there = versions.filter(({ ami }) => made.has(ami));
  const previous = promotions.findLast((one) => one !== promoted && there.some(({ version }) => version === one));
  const used = await usedImages(
    own,
    there.map(({ ami }) => ami),
  );
  return there
    .map(({ version, ami }) => ({
      ...{ version, id: ami, promoted: version === promoted, previous: version === previous },
      ...{ createdAt: made.get(ami) ?? "", inUse: used.has(ami) },
    }))
    .sort((a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt));
}

export async function promoteVersion(own: AwsSettings, name: string, version: string): Promise<void> {
  const there = await listVersions(own, name);
  if (!there.some((one) => one.version === version))
    throw new UserError(
      `image "${name}" has no version "${version}" in ${own.region}; it has ${there.map((one) => one.version).join(", ") || "none"}`,
      `publish it: kmvm image publish ${name} --backend aws`,
    );
  await writePromoted(own, name, version);
}

/** An AMI, then the snapshots that it was made of and no other one is. */
async function removeWithSnapshots(own: AwsSettings, ami: string): Promise<void> {
  const image = (await listImages(own)).find(({ id }) => id === ami);
  if (!image) return;
  const used = await snapshotsOfOthers(own, image);
  await removeImageResource(own, image);
  for (const id of image.snapshots) if (!used.has(id)) await removeImageResource(own, { kind: "snapshot", id });
}

/** First nobody can find it any more, then it goes: what is left when this is cut short is found as remains. */
export async function deleteVersion(own: AwsSettings, name: string, version: string): Promise<void> {
  const found = (await listVersions(own, name)).find((one) => one.version === version);
  if (found?.promoted || (await readPromoted(own, name)) === version)
    throw new UserError(`${name}@${version} is promoted`, "promote another version first: kmvm image promote");
  if (found?.inUse)
    throw new UserError(`${name}@${version} is in use`, "remove the machines first: kmvm ls", ExitCode.Infrastructure);
  await removeVersion(own, name, version);
  if (found) await removeWithSnapshots(own, found.id);
}
