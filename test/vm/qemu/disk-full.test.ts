import { afterAll, beforeAll, expect } from "@jest/globals";
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { inspectMachine, startMachine } from "../../../provider/qemu/machine";
import { testUnless } from "../../support/needs";
import { makeTestHome, type TestHome } from "./support";

let host: TestHome;
let small = "";
const isRoot = process.getuid?.() === 0;

beforeAll(async () => {
  host = await makeTestHome();
  small = join(host.home, "small");
  mkdirSync(small);
  if (isRoot) execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "kmvm-test", small]);
});
afterAll(async () => {
  if (isRoot) execFileSync("umount", [small]);
  await host.cleanUp();
}, 60_000);

testUnless(isRoot ? undefined : "only root may mount a small file system")(
  "a full disk is said to be that, with figures, and no machine is made",
  async () => {
    await expect(startMachine(small, host.spec("full"))).rejects.toMatchObject({
      message: expect.stringMatching(/disk is full: .*small.*only [01] MiB are free, a machine needs 512/),
      hint: expect.stringMatching(/KMVM_HOME/),
    });
    expect(await inspectMachine(small, "full")).toBeUndefined();
  },
);
