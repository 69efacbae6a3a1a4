import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../../lib/errors";
import { kmvmHome } from "../../../lib/paths";
import { resolveImage, type StoredVersion } from "../../../provider/images/store";
import { warmImage } from "../../../provider/images/warm";
import { listMachines } from "../../../provider/qemu/machine";
import { removerOfNewWarmImages } from "../../support/warm-images";
import { makeTestHome, type TestHome } from "../qemu/support";

const minutes = 60_000;
/** A size that nobody else uses: what fails here is remembered for it alone. */
const shape = { vcpus: 1, memoryMiB: 1408, diskGiB: 9 };

let host: TestHome;
let image: StoredVersion;
let removeOurs: () => void;
const said: string[] = [];
const making = () => warmImage(host.home, image, shape, { log: (line) => said.push(line) });

/** Ends each machine to be saved as soon as its kernel has spoken, until `over`. */
async function endGuests(over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    for (const { state, pid, consolePath } of await listMachines(host.home)) {
      // Between the two looks it may have gone, or not have a console yet.
      const console = await readFile(consolePath, "utf8").catch(() => "");
      if (state === "running" && console.includes("Linux version")) process.kill(pid ?? NaN, "SIGKILL");
    }
    await sleep(100);
  }
}

beforeAll(async () => {
  host = await makeTestHome();
  image = await resolveImage(kmvmHome(), "L0-base");
  removeOurs = removerOfNewWarmImages(image);
});
afterAll(async () => {
  removeOurs();
  await host.cleanUp();
}, minutes);

describe("a warm image whose guests all end too early", () => {
  test(
    "is given up after three of them: the error tells the console's last line and where all of it is; who waited is refused",
    async () => {
      const over = new AbortController();
      const ending = endGuests(over.signal);
      const both = await Promise.allSettled([making(), making()]);
      over.abort();
      await ending;
      const [first = "", second = ""] = both
        .map((one) => (one.status === "rejected" ? messageOf(one.reason) : "made"))
        .sort((a, b) => a.length - b.length);
      expect(said.filter((line) => line.includes("once more"))).toHaveLength(2);
      const console = /the guest's console, (\S+\.console\.log), ends with "(.+)"/.exec(first);
      const [, path = "", lastLine = ""] = console ?? [];
      expect(first).toMatch(/^a warm image could not be made: QEMU has closed the door; /);
      expect(readFileSync(path, "utf8")).toContain("Linux version");
      expect(readFileSync(path, "utf8")).toContain(lastLine);
      expect(second).toBe(`${first}; to try again: kmvm image build L0-base --warm`);
      expect(await listMachines(host.home)).toEqual([]);
    },
    5 * minutes,
  );

  test("is not tried again unasked: the reason is told, and no machine is started", async () => {
    const before = said.length;
    await expect(making()).rejects.toThrow(/could not be made: .*; to try again: kmvm image build L0-base --warm$/);
    expect(said).toHaveLength(before);
  });
});
