import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { pack } from "tar-stream";
import { messageOf, UserError } from "../../lib/errors";
import { repositoryRoot } from "../../lib/paths";
import { waitForSsh } from "../../lib/ssh-wait";
import { injectNmi } from "../qemu/diagnostics";
import { files } from "../qemu/folder";
import { removeMachine, startMachine, type Machine, type MachineSpec } from "../qemu/machine";
import { switchOff } from "../qemu/power";
import type { MachineImage } from "../qemu/spec";
import { frozenSchema, openDoor } from "../qemu/warm/door";
import { saveState } from "../qemu/warm/migration";
import { generateKeyPair } from "../ssh-key-format";
import type { Progress } from "./progress";
import { smokeTags } from "./smoke-machines";
import { removeHalfStored, storeWarm } from "./warm-files";

/** What of a machine its saved state depends on. */
export type WarmShape = Pick<MachineSpec, "vcpus" | "memoryMiB" | "diskGiB">;

/** What goes into the guest, of scripts/guest/warm/. */
export const guestPrograms = ["settle", "door", "shell.py"] as const;
export const guestProgram = (name: string): Promise<Buffer> =>
  readFile(join(repositoryRoot(), "scripts", "guest", "warm", name));

const restTimeoutMs = 300_000;
const lifetimeMs = 1800_000;
/** As long as an emulated guest takes to print its backtraces. */
const backtraceMs = 3000;
/** An emulated guest hangs now and then while it boots (scripts/guest/l0/55-hypervisor.sh says why): another one does not. */
const attempts = 3;

/** Runs the program that brings the guest to rest. It ends when the guest is about to. */
async function runSettle(machine: Machine, spec: MachineSpec, userKey: string, signal: AbortSignal): Promise<void> {
  const { address, port, user } = machine;
  const target = { address, port, user, privateKey: userKey, hostKey: spec.hostKey.publicKey };
  const connection = await waitForSsh({ ...target, timeoutMs: restTimeoutMs, signal });
  try {
    const archive = pack();
    for (const name of guestPrograms) archive.entry({ name, mode: 0o755 }, await guestProgram(name));
    archive.finalize();
    const place = "/opt/kmvm/warm";
    const script = `mkdir -p ${place} && tar -x -f - -C ${place} --no-same-owner && exec ${place}/settle`;
    const { code, stderr } = await connection.exec(`sudo -n sh -c '${script}'`, {
      stdin: Readable.from(archive),
      signal,
    });
    if (code !== 0) throw new Error(`the guest could not be brought to rest: ${stderr.trim().slice(-500)}`);
  } finally {
    connection.close();
  }
}

/** Brings a machine that boots to where its clones begin. Returns when nothing in it runs any more but its door. */
async function settle(machine: Machine, spec: MachineSpec, userKey: string, signal: AbortSignal): Promise<void> {
  const door = await openDoor(machine.folder);
  const ended = new AbortController();
  try {
    const rested = door.listen(frozenSchema, "that it has come to rest", restTimeoutMs);
    // Too late, or QEMU has ended: then there is nothing more to say to the guest.
    rested.catch((error: unknown) => {
      ended.abort(error);
    });
    await runSettle(machine, spec, userKey, AbortSignal.any([signal, ended.signal]));
    await rested;
  } finally {
    door.close();
  }
}

function specOf(image: MachineImage, shape: WarmShape, key: string): { spec: MachineSpec; userKey: string } {
  const createdAt = new Date();
  const userKey = generateKeyPair("kmvm-warm");
  const spec: MachineSpec = {
    ...shape,
    id: `warm-${key}`,
    image,
    boot: "direct",
    expiresAt: new Date(createdAt.getTime() + lifetimeMs).toISOString(),
    user: "kmvm",
    authorizedKey: userKey.publicKey,
    hostKey: generateKeyPair("kmvm-warm"),
    tags: smokeTags(image.name, createdAt),
    toBeSaved: true,
    // It is started by its first use otherwise, and clones are to find it running: so it starts while the rest boots.
    alsoStart: ["docker.service"],
  };
  return { spec, userKey: userKey.privateKey };
}

/** What a guest that did not come to rest has said, and where it hangs, if it does: it is asked by an NMI. */
async function keepConsole({ folder }: Machine, path: string): Promise<void> {
  const asked = await injectNmi(folder).then(
    () => true,
    () => false, // QEMU has ended: it is no longer in the guest's hands
  );
  if (asked) await sleep(backtraceMs);
  await copyFile(join(folder, files.console), path).catch(() => undefined);
}

/** Boots a machine, brings it to rest, saves it, and stores what was saved. Nothing else of the machine stays. */
async function tryOnce(
  home: string,
  { spec, userKey }: ReturnType<typeof specOf>,
  key: string,
  consoleOfFailure: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    const machine = await startMachine(home, spec, { signal });
    try {
      await settle(machine, spec, userKey, signal);
      await saveState(machine.folder);
    } catch (error) {
      if (!signal.aborted) await keepConsole(machine, consoleOfFailure);
      throw error;
    }
    // What QEMU still has of the disk is in the file when it has ended.
    await switchOff(machine.folder, spec.id, {});
    await storeWarm(machine.folder, spec.image, key);
  } finally {
    await removeMachine(home, spec.id);
  }
}

/**
 * Makes a warm image. The caller sees to it that nobody else makes the same one.
 * @param consoleOfFailure file that gets the console of a guest that did not come to rest
 * @throws UserError at once, for what this host lacks; what the last of its attempts came to
 */
export async function makeWarm(
  home: string,
  image: MachineImage,
  shape: WarmShape,
  key: string,
  consoleOfFailure: string,
  { log, signal = new AbortController().signal }: Progress,
): Promise<void> {
  const startedAt = Date.now();
  await removeHalfStored(image);
  for (let left = attempts - 1; ; left--) {
    const made = specOf(image, shape, key);
    // What one that was killed has left has this name, too.
    await removeMachine(home, made.spec.id);
    try {
      await tryOnce(home, made, key, consoleOfFailure, signal);
      break;
    } catch (error) {
      signal.throwIfAborted();
      if (left === 0 || error instanceof UserError) throw error;
      log?.(`no warm image yet: ${messageOf(error)}; once more`);
    }
  }
  log?.(`warm image made in ${((Date.now() - startedAt) / 1000).toFixed(1)} s: machines of this size start from it`);
}
