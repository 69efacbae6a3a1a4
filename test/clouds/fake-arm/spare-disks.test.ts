import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { azureClients } from "../../../components/backends/azure/clients";
import { facetsOver } from "../../../components/backends/azure/facets";
import { addVersion, own, version } from "./account";
import type { MemoryBlobs } from "./blobs";
import { FakeArm, token } from "./server";

const credential = { getToken: () => Promise.resolve({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) };
const day = 24 * 3600_000;
const container = "https://kmvmimages.blob.core.windows.net/kmvm-images";

let arm: FakeArm;
const blobs = () => arm.state.blobs as MemoryBlobs;
const leftovers = () => {
  const httpClient = arm.httpClient();
  const clients = azureClients(own, credential, { httpClient, retryOptions: { maxRetries: 0 } });
  const settings = { ...own, storageAccount: "kmvmimages" };
  return facetsOver(settings, () => Promise.resolve({ clients, credential, httpClient })).leftovers;
};
const ids = async () => (await leftovers().list()).map(({ id }) => id);
function uploaded(name: string, age: number): void {
  blobs().create(`kmvm-images/${name}`, 512);
  blobs().age(`kmvm-images/${name}`, Date.now() - age);
}

beforeEach(async () => {
  arm = new FakeArm({ subscriptionId: own.subscriptionId, pageSize: 2 });
  await arm.listen();
  addVersion(arm, version(9));
});
afterEach(async () => {
  await arm.close();
  expect(arm.unknown).toEqual([]);
});

test("nothing is left where nothing was ever uploaded", async () => {
  expect(await ids()).toEqual([]);
});

test("a disk without a version is left behind after a day; one with a version, a new one, and one of others are not", async () => {
  addVersion(arm, version(1));
  for (const n of [1, 2, 3]) uploaded(`L0-base-${version(n)}.vhd`, 2 * day);
  uploaded(`L0-base-${version(4)}.vhd`, day / 2);
  uploaded("somebody's.vhd", 2 * day);
  expect(await ids()).toEqual([2, 3].map((n) => `${container}/L0-base-${version(n)}.vhd`));
});

test("it is removed, and one that has a version by now is not", async () => {
  for (const n of [1, 2]) uploaded(`L0-base-${version(n)}.vhd`, 2 * day);
  addVersion(arm, version(2));
  for (const n of [1, 2]) await leftovers().remove(`${container}/L0-base-${version(n)}.vhd`);
  expect(blobs().paths()).toEqual([`kmvm-images/L0-base-${version(2)}.vhd`]);
});

test("whoever may not look there has left nothing there", async () => {
  arm.faults.push({ match: /^GET \/kmvm-images/, times: 9, answer: { status: 403 } });
  expect(await ids()).toEqual([]);
});
