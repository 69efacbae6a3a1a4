import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { files } from "../../../provider/qemu/folder";
import type { MachineRecord } from "../../../provider/qemu/record";
import type { Machine } from "../../../provider/qemu/spec";
import { beginAnew, type Start } from "../../../provider/qemu/start";
import { RestoreFailed } from "../../../provider/qemu/warm/migration";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "anew-"));
  for (const name of ["state", "memory", "disk", "console"]) writeFileSync(join(folder, `warm-${name}`), "");
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const warm = () => {
  const of = (name: string) => join(folder, `warm-${name}`);
  return { state: of("state"), memory: of("memory"), disk: of("disk"), console: of("console") };
};
const image = { disk: "/images/disk", diskFormat: "raw" };
const record = () => ({ id: "m", image, warm: warm() }) as unknown as MachineRecord;
const machine = { id: "m" } as Machine;

/** What is tried, one after the other; `failures` are what comes of the first ones. */
function tries(...failures: Error[]) {
  const tried: { record: MachineRecord; start: Start; overlay: boolean }[] = [];
  const bringUp = (_folder: string, of: MachineRecord, start: Start) => {
    tried.push({ record: of, start, overlay: existsSync(join(folder, files.overlay)) });
    writeFileSync(join(folder, files.overlay), "");
    const failure = failures.shift();
    return failure ? Promise.reject(failure) : Promise.resolve(machine);
  };
  return { tried, bringUp };
}

describe("a clone that is begun anew", () => {
  test("is restored, from a disk without what it had written", async () => {
    const { tried, bringUp } = tries();
    writeFileSync(join(folder, files.overlay), "old");
    expect(await beginAnew(folder, record(), {}, bringUp)).toBe(machine);
    expect(tried).toHaveLength(1);
    expect(tried[0]).toMatchObject({ overlay: false, start: { saved: { state: warm().state } } });
  });

  test("boots where its state cannot be restored, says why, and is no clone any more", async () => {
    const { tried, bringUp } = tries(new RestoreFailed("QEMU: migration failed: version"));
    const said: string[] = [];
    expect(await beginAnew(folder, record(), { log: (line) => said.push(line) }, bringUp)).toBe(machine);
    expect(tried[1]?.start).toEqual({ backing: image });
    expect(tried[1]?.overlay).toBe(false);
    expect(tried[1]?.record.warm).toBeUndefined();
    expect(said).toEqual([
      "it boots, since what it is a clone of could not be restored: QEMU: migration failed: version",
    ]);
  });

  test("boots where the warm image is gone", async () => {
    rmSync(join(folder, "warm-memory"));
    const { tried, bringUp } = tries();
    const said: string[] = [];
    await beginAnew(folder, record(), { log: (line) => said.push(line) }, bringUp);
    expect(tried.map(({ start }) => start)).toEqual([{ backing: image }]);
    expect(said[0]).toMatch(/warm-memory is gone$/);
  });

  test("does not boot for another failure, which booting would only hide", async () => {
    const { tried, bringUp } = tries(new Error("no memory"));
    await expect(beginAnew(folder, record(), {}, bringUp)).rejects.toThrow("no memory");
    expect(tried).toHaveLength(1);
  });
});
