import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { HttpClient } from "@azure/core-rest-pipeline";
import { azureClients } from "../../../components/backends/azure/clients";
import { facetsOver } from "../../../components/backends/azure/facets";
import { makeGalleryVersion } from "../../../components/backends/azure/gallery-version";
import { ExitCode } from "../../../lib/errors";
import type { Context } from "../../../plugin/resource";
import { imageVersion } from "../../../provider/image-version";
import { uploadedDisk } from "../../../provider/uploaded-disk";
import { addVersion, galleryId, own, version } from "./account";
import { refusal } from "./http";
import { FakeArm, token } from "./server";

const published = { ...own, storageAccount: "kmvmimages" };
const inputs = {
  backend: "azure",
  configuration: published,
  image: "L0-base",
  version: version(1),
  source: "https://kmvmimages.blob.core.windows.net/kmvm-images/L0-base.vhd",
  tags: { "kmvm-project": "kmvm", "kmvm-image-version": version(1) },
};
const credential = { getToken: () => Promise.resolve({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) };
const context: Context = {
  log: () => undefined,
  status: () => undefined,
  signal: new AbortController().signal,
  urn: "urn",
};

let arm: FakeArm;
const clientsOf = (httpClient: HttpClient) =>
  azureClients(own, credential, { httpClient, retryOptions: { maxRetries: 1, retryDelayInMs: 1 } });
const find = () => {
  const httpClient = arm.httpClient();
  const clients = clientsOf(httpClient);
  const { publishing } = facetsOver(published, () => Promise.resolve({ clients, credential, pollMs: 1, httpClient }));
  return publishing ? Promise.resolve(publishing) : Promise.reject(new Error("none"));
};
const type = imageVersion(find);
const id = `${galleryId}/images/L0-base/versions/20260101.1.1193046`;
const there = () => arm.state.get(id);
const puts = () => arm.requests.filter((line) => line.startsWith("PUT")).length;

beforeEach(async () => {
  arm = new FakeArm({ subscriptionId: own.subscriptionId });
  await arm.listen();
  // The image's definition.
  addVersion(arm, version(9));
});
afterEach(async () => {
  await arm.close();
  expect(arm.unknown).toEqual([]);
});

describe("a version in a gallery", () => {
  test("is a whole candidate when its making returns", async () => {
    const made = await type.create(inputs, context);
    expect(made.id).toBe(id);
    expect(there()).toMatchObject({
      tags: inputs.tags,
      properties: {
        provisioningState: "Succeeded",
        publishingProfile: { excludeFromLatest: true, replicationMode: "Full" },
        storageProfile: {
          osDiskImage: {
            source: { uri: inputs.source, storageAccountId: expect.stringMatching(/\/storageAccounts\/kmvmimages$/) },
          },
        },
      },
    });
  });

  test("whose making was accepted and its answer lost is taken over by the next attempt", async () => {
    arm.faults.push({ match: /^PUT/, times: 1, afterwards: true, answer: refusal(400, "ECONNRESET", "lost") });
    await expect(type.create(inputs, context)).rejects.toThrow(/could not make L0-base@20260101.1-0123456789ab/);
    expect(there()).toBeDefined();
    // It is made meanwhile, by Azure alone.
    const made = there();
    if (made) arm.state.put({ ...made, properties: { ...made.properties, provisioningState: "Succeeded" } });
    expect((await type.create(inputs, context)).id).toBe(id);
    expect(puts()).toBe(1);
  });

  test("that failed is made anew", async () => {
    addVersion(arm, version(1), { provisioningState: "Failed" });
    await type.create(inputs, context);
    expect(arm.requests.some((line) => line.startsWith("DELETE"))).toBe(true);
    expect(there()?.properties).toMatchObject({ provisioningState: "Succeeded" });
  });

  test("that is somebody else's is left alone", async () => {
    addVersion(arm, version(1));
    const found = there();
    if (found) arm.state.put({ ...found, tags: {} });
    await expect(type.create(inputs, context)).rejects.toThrow(/is another one: not kmvm's/);
    expect(puts()).toBe(0);
  });

  test.each(["made here", "made by another attempt"])("that never becomes whole is given up, %s", async (how) => {
    await arm.close();
    arm = new FakeArm({ subscriptionId: own.subscriptionId, pollsPerOperation: Infinity });
    await arm.listen();
    addVersion(arm, version(9));
    if (how === "made by another attempt") addVersion(arm, version(1), { provisioningState: "Creating" });
    const args = {
      ...{ location: "westus2", resourceGroup: own.resourceGroup, gallery: own.gallery, image: "L0-base" },
      ...{ number: "20260101.1.1193046", storageAccountId: "/s", uri: inputs.source, tags: inputs.tags },
    };
    const making = makeGalleryVersion(clientsOf(arm.httpClient()), args, {
      signal: context.signal,
      pollMs: 1,
      limitMs: 300,
    });
    await expect(making).rejects.toMatchObject({
      message: "version 20260101.1.1193046 of L0-base in gallery kmvm was not whole within 0 s",
      hint: "publish again: what Azure has made of it until then is taken over",
      exitCode: ExitCode.Infrastructure,
    });
  });

  test("that was pruned is gone at the next refresh, and one that is there is not", async () => {
    expect(await type.read?.(id, inputs, inputs)).toBeUndefined();
    await type.create(inputs, context);
    expect(await type.read?.(id, inputs, inputs)).toEqual({ outputs: inputs, inputs });
  });

  test("outlives its resource", async () => {
    await type.create(inputs, context);
    await type.delete?.(id, inputs, context);
    expect(there()).toBeDefined();
  });

  test("is another one of another version, and not for its tags", () => {
    expect(type.diff?.(inputs, { ...inputs, version: version(2) }, inputs)).toMatchObject({ replaces: ["version"] });
    expect(type.diff?.(inputs, { ...inputs, tags: {} }, inputs)).toEqual({ replaces: [], updates: [] });
  });
});

test("a disk that is uploaded is found where the provider looks for it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "kmvm-upload-"));
  const file = join(folder, "disk.vhd");
  execFileSync("qemu-img", ["create", "-q", "-f", "vpc", "-o", "subformat=fixed,force_size=on", file, "4M"]);
  const { id, properties } = await uploadedDisk(find).create({ ...inputs, file }, context);
  expect(id).toBe("https://kmvmimages.blob.core.windows.net/kmvm-images/L0-base-20260101.1-0123456789ab.vhd");
  expect(properties["source"]).toBe(id);
  expect(arm.state.blobs.get("kmvm-images/L0-base-20260101.1-0123456789ab.vhd")?.metadata).toEqual({
    whole: "L0-base@20260101.1-0123456789ab",
  });
  rmSync(folder, { recursive: true });
});
