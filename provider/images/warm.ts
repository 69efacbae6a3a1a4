import { createHash } from "node:crypto";
import { readFile, realpath, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ExitCode, messageOf, UserError } from "../../lib/errors";
import { sanitizeText } from "../../lib/sanitize";
import { findAccelerator, type Accelerator } from "../qemu/accelerator";
import { qemuBinary } from "../qemu/binary";
import type { MachineImage, WarmImage } from "../qemu/spec";
import { hostIdentity } from "./host-identity";
import { withBuildLock } from "./lock";
import type { Progress } from "./progress";
import { readWarm, schema, warmFolder } from "./warm-files";
import { guestProgram, guestPrograms, makeWarm, type WarmShape } from "./warm-making";

async function programInPath(name: string): Promise<string> {
  for (const folder of (process.env["PATH"] ?? "").split(":")) {
    const found = await realpath(join(folder, name)).catch(() => undefined);
    if (found !== undefined) return found;
  }
  return name;
}

/** QEMU as far as a saved state depends on it, without starting it. */
async function qemuIdentity(): Promise<string> {
  const path = await programInPath(qemuBinary);
  const { size, mtimeMs } = await stat(path).catch(() => ({ size: 0, mtimeMs: 0 }));
  return `${path} ${size} ${mtimeMs}`;
}

/** Everything that a restore depends on, in one name. */
async function keyOf(shape: WarmShape, accelerator: Accelerator): Promise<string> {
  const { name, cpu } = accelerator;
  const { vcpus, memoryMiB, diskGiB } = shape;
  const hash = createHash("sha256");
  hash.update(JSON.stringify([schema, vcpus, memoryMiB, diskGiB, name, cpu, await qemuIdentity()]));
  hash.update(await hostIdentity(accelerator));
  for (const program of guestPrograms) hash.update(await guestProgram(program));
  return hash.digest("hex").slice(0, 16);
}

const againCommand = ({ name }: MachineImage) => `kmvm image build ${name} --warm`;

/** Where it is noted that no guest could be brought to rest, and why; and what its console showed. */
const failureFiles = (root: string, key: string) => ({
  reason: join(root, `failed-${key}`),
  console: join(root, `failed-${key}.console.log`),
});

const lastLine = async (path: string): Promise<string> => {
  const text = await readFile(path, "utf8").catch(() => "");
  return sanitizeText(text.trimEnd().split("\n").at(-1) ?? "").slice(0, 200);
};

export interface WarmOptions extends Progress {
  /** Also where it has failed before. */
  readonly again?: boolean;
}

/**
 * The warm image of a version for machines of a shape; made, which takes a boot, where there is none.
 * @throws UserError when this host cannot run the machine to be saved, or no guest came to rest, now or, unless `again`,
 * before: one that needs a boot to fail would be dearer than no warm image. Error when it is damaged: then it is removed,
 * and made anew the next time.
 */
export async function warmImage(
  home: string,
  image: MachineImage,
  shape: WarmShape,
  options: WarmOptions,
): Promise<WarmImage> {
  const { log, again = false } = options;
  const root = warmFolder(image);
  const key = await keyOf(shape, await findAccelerator());
  const folder = join(root, key);
  try {
    const there = await readWarm(folder);
    if (there) return there;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw new Error(`the warm image is damaged: ${messageOf(error)}; it is made anew the next time`, { cause: error });
  }
  const failed = failureFiles(root, key);
  const refuseWhereFailed = async () => {
    const before = again ? undefined : await readFile(failed.reason, "utf8").catch(() => undefined);
    if (before !== undefined) throw new Error(`${before.trim()}; to try again: ${againCommand(image)}`);
  };
  await refuseWhereFailed();
  return withBuildLock(root, options, async (signal) => {
    const meanwhile = await readWarm(folder);
    if (meanwhile) return meanwhile;
    await refuseWhereFailed();
    log?.("making a warm image, once for machines of this size: half a minute in emulation");
    try {
      await makeWarm(home, image, shape, key, failed.console, { log, signal });
    } catch (error) {
      signal.throwIfAborted();
      // What this host lacks just now it may have the next time, and finding out costs no boot.
      if (error instanceof UserError) throw error;
      const console = `${failed.console}, ends with "${await lastLine(failed.console)}"`;
      const failure = `a warm image could not be made: ${messageOf(error)}; the guest's console, ${console}`;
      await writeFile(failed.reason, `${failure}\n`);
      throw new UserError(
        failure,
        `machines boot instead; to try again: ${againCommand(image)}`,
        ExitCode.Infrastructure,
      );
    }
    for (const file of Object.values(failed)) await rm(file, { force: true });
    const made = await readWarm(folder);
    if (!made) throw new Error(`${folder} is gone right after it was made`);
    return made;
  });
}
