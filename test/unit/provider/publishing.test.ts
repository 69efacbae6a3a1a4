import { expect, jest, test } from "@jest/globals";
import type { Publishing } from "../../../components/backends/facets";
import type { Context } from "../../../plugin/resource";
import { imageVersion } from "../../../provider/image-version";
import { findPublishing } from "../../../provider/publishing";
import { uploadedDisk } from "../../../provider/uploaded-disk";

const inputs = {
  backend: "azure",
  configuration: { gallery: "kmvm" },
  image: "L0-base",
  version: "20260101.1-0123456789ab",
  file: "/images/disk.vhd",
};
const context = (status = jest.fn()): Context => ({
  log: jest.fn(),
  status,
  signal: new AbortController().signal,
  urn: "urn",
});
const played = (own: Partial<Publishing>) => () =>
  Promise.resolve({
    upload: () => Promise.resolve("https://there"),
    hasUpload: () => Promise.resolve(false),
    removeUpload: () => Promise.resolve(),
    makeVersion: () => Promise.resolve("id"),
    hasVersion: () => Promise.resolve(false),
    ...own,
  });

test("a disk is uploaded for its image and version, wherever the file is later", async () => {
  const type = uploadedDisk(played({}));
  expect((await type.check(inputs, {})).failures).toEqual([]);
  expect(await type.create(inputs, context())).toEqual({
    id: "https://there",
    properties: { ...inputs, source: "https://there" },
  });
  expect(type.diff?.(inputs, { ...inputs, file: "/elsewhere" }, inputs)).toEqual({ replaces: [], updates: [] });
  expect(type.diff?.(inputs, { ...inputs, version: "2" }, inputs)).toMatchObject({ replaces: ["version"] });
  expect(type.diff?.(inputs, { ...inputs, configuration: { gallery: "x" } }, inputs)).toMatchObject({
    replaces: ["configuration"],
  });
});

test("an upload shows how far it is, once a percent", async () => {
  const status = jest.fn();
  const upload: Publishing["upload"] = (_disk, { onProgress }) => {
    for (const part of [0.001, 0.002, 0.5]) onProgress?.(part);
    return Promise.resolve("https://there");
  };
  await uploadedDisk(played({ upload })).create(inputs, context(status));
  expect(status.mock.calls).toEqual([["uploaded 0 %"], ["uploaded 50 %"]]);
});

test.each([
  ["backend", "../azure"],
  ["file", "disk.vhd"],
  ["image", "L0 base"],
  ["version", "1;2"],
])("a wrong %s is refused: %s", async (property, value) => {
  expect((await uploadedDisk().check({ ...inputs, [property]: value }, {})).failures).toMatchObject([{ property }]);
});

test("a version that is gone is gone for the state, too", async () => {
  expect(await imageVersion(played({})).read?.("id", inputs, inputs)).toBeUndefined();
  const there = imageVersion(played({ hasVersion: () => Promise.resolve(true) }));
  expect(await there.read?.("id", inputs, inputs)).toEqual({ outputs: inputs, inputs });
});

test("a disk that was removed is gone for the state, too, and one that is there is not", async () => {
  expect(await uploadedDisk(played({})).read?.("id", inputs, inputs)).toBeUndefined();
  const there = uploadedDisk(played({ hasUpload: () => Promise.resolve(true) }));
  expect(await there.read?.("id", inputs, inputs)).toEqual({ outputs: inputs, inputs });
});

test.each(["qemu", "nowhere"])("backend %s publishes nothing by itself", async (backend) => {
  await expect(findPublishing({ backend, configuration: {} })).rejects.toThrow(/publishes nothing/);
});
