import { execFileSync } from "node:child_process";
import {
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  openSync,
  writeSync,
  closeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { uploadPageBlob } from "../../../components/backends/azure/page-blob";
import { own } from "./account";
import { FakeArm, token } from "./server";

const url = "https://kmvmimages.blob.core.windows.net/kmvm-images/L0-base-1.vhd";
const mebibyte = 1024 * 1024;
const credential = { getToken: () => Promise.resolve({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) };

let arm: FakeArm;
let folder: string;
let file: string;

/** A disk of 40 MiB with something at a few places, as the converter makes it. */
function makeDisk(): void {
  const raw = join(folder, "disk.raw");
  writeFileSync(raw, "");
  truncateSync(raw, 40 * mebibyte);
  const handle = openSync(raw, "r+");
  for (const at of [0, 5 * mebibyte + 512, 33 * mebibyte - 1]) writeSync(handle, "something", at);
  closeSync(handle);
  execFileSync("qemu-img", ["convert", "-f", "raw", "-O", "vpc", "-o", "subformat=fixed,force_size=on", raw, file]);
}

const upload = (content = "L0-base@1", signal = new AbortController().signal) =>
  uploadPageBlob(
    { url, file, content },
    { credential, signal, httpClient: arm.httpClient(), retryOptions: { maxRetries: 2, retryDelayInMs: 1 } },
  );
const sent = (part: string) => arm.requests.filter((line) => line.startsWith(part));
const path = "kmvm-images/L0-base-1.vhd";
const content = () => arm.state.blobs.content(path);
const blob = () => {
  const found = arm.state.blobs.get(path);
  if (!found) throw new Error("nothing was uploaded");
  return found;
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "kmvm-upload-"));
  file = join(folder, "disk.vhd");
  arm = new FakeArm({ subscriptionId: own.subscriptionId });
  await arm.listen();
});
afterEach(async () => {
  await arm.close();
  rmSync(folder, { recursive: true });
  expect(arm.unknown).toEqual([]);
});

describe("a disk that is uploaded", () => {
  test("is there byte for byte, and what is empty in it was not sent", async () => {
    makeDisk();
    await upload();
    expect(content().equals(readFileSync(file))).toBe(true);
    expect(blob().sent).toBeLessThan(3 * 1024);
    expect(blob().metadata).toEqual({ whole: "L0-base@1" });
  });

  test("is uploaded again only where something else is there", async () => {
    makeDisk();
    await upload();
    const before = arm.requests.length;
    await upload();
    expect(arm.requests.slice(before)).toEqual(["HEAD /kmvm-images/L0-base-1.vhd"]);
    await upload("L0-base@2");
    expect(blob().metadata).toEqual({ whole: "L0-base@2" });
  });

  test("is not taken for whole when it was cut off, and is whole after the next attempt", async () => {
    makeDisk();
    const interrupted = new AbortController();
    const pages = upload("L0-base@1", interrupted.signal);
    interrupted.abort();
    await expect(pages).rejects.toThrow(/abort/i);
    expect(arm.state.blobs.get(path)?.metadata ?? {}).toEqual({});
    await upload();
    expect(content().equals(readFileSync(file))).toBe(true);
  });

  test("goes on when the service is busy for a moment", async () => {
    makeDisk();
    arm.faults.push({ match: /^PUT/, times: 2, answer: { status: 503, headers: { "retry-after": "0" } } });
    await upload();
    expect(content().equals(readFileSync(file))).toBe(true);
  });

  test("is refused before anything is sent where Azure would not take it", async () => {
    writeFileSync(file, Buffer.alloc(mebibyte));
    await expect(upload()).rejects.toThrow(/has no footer of a VHD/);
    execFileSync("qemu-img", ["create", "-q", "-f", "vpc", "-o", "subformat=dynamic", file, "8M"]);
    await expect(upload()).rejects.toThrow(/is not of the fixed kind/);
    // Not of whole MiB, as the converter makes it when it is not told otherwise.
    execFileSync("qemu-img", [
      "create",
      "-q",
      "-f",
      "vpc",
      "-o",
      "subformat=fixed,force_size=on",
      file,
      String(mebibyte + 512),
    ]);
    await expect(upload()).rejects.toThrow(/is not of whole MiB/);
    expect(sent("PUT")).toEqual([]);
  });
});
