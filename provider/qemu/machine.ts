import { execa } from "execa";
import { randomUUID } from "node:crypto";
import { appendFile, copyFile, mkdir, realpath, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { ExitCode, UserError } from "../../lib/errors";
import { homeFolders } from "../../lib/paths";
import { findAccelerator } from "./accelerator";
import { endpointCandidates } from "./address";
import { qemuArguments } from "./argv";
import { writeCredentials } from "./credentials";
import { checkDiskSpace, exists, explainDiskFull } from "./disk-space";
import { files, newFolder } from "./folder";
import { describe, findFolder, inspectMachine } from "./inspect";
import { AddressTaken, launch } from "./launch";
import { checkMemory, neededMiB } from "./memory";
import { createDisks } from "./overlay";
import { noSuchMachine, switchOff } from "./power";
import { processesOf } from "./processes";
import { waitForQmp } from "./qmp";
import { createFolder, readRecord, recordOf, sameMachine, writeRecord, type MachineRecord } from "./record";
import { removeMachine } from "./remove";
import { idPattern, type Machine, type MachineSpec, type Options } from "./spec";
import { beginAnew, startOf, type Start } from "./start";
import { restoreState } from "./warm/migration";

export { inspectMachine, listMachines } from "./inspect";
export { stopMachine } from "./power";
export { removeMachine } from "./remove";
export type { InspectedMachine, Machine, MachineSpec, MachineTags } from "./spec";

const adoptTimeoutMs = 30_000;

function checkExpiry(id: string, expiresAt: string): void {
  if (Date.parse(expiresAt) <= Date.now())
    throw new UserError(`machine "${id}" expired at ${expiresAt}`, "make a new one with a longer ttl");
}

/** A copy without what is empty in it: a guest's memory mostly is. */
async function copySparse(from: string, to: string): Promise<void> {
  await execa("cp", ["--sparse=always", "--reflink=auto", from, to], {
    stdin: "ignore",
    extendEnv: false,
    env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C" },
  });
}

/** A clone's console begins with the boot that it did not go through itself; one that is reset has a past already. */
async function inheritConsole(folder: string, console: string): Promise<void> {
  const path = join(folder, files.console);
  if (!(await exists(path))) await copyFile(console, path);
  await appendFile(path, "\n[kmvm: a clone from here on]\n");
}

/** Starts QEMU on the first address that can be had, and notes what came of it. */
async function bringUp(folder: string, record: MachineRecord, start: Start, options: Options): Promise<Machine> {
  const { id } = record;
  const { log, signal } = options;
  const { memoryFile, copyMemoryOf, saved } = start;
  signal?.throwIfAborted();
  const savedMemory = saved && memoryFile ? (copyMemoryOf ?? resolve(folder, memoryFile.path)) : undefined;
  await checkMemory(await neededMiB(record.memoryMiB, savedMemory));
  await checkDiskSpace(folder);
  await createDisks(folder, record, start.backing);
  const accelerator = await findAccelerator();
  log?.(`${accelerator.name}: ${accelerator.reason}`);
  if (copyMemoryOf !== undefined) await copySparse(copyMemoryOf, join(folder, files.memory));
  if (saved) await inheritConsole(folder, saved.console);
  const shape = { ...record, ...(memoryFile ? { memoryFile } : {}), ...(saved ? { incoming: true as const } : {}) };
  for (const endpoint of endpointCandidates(id)) {
    signal?.throwIfAborted();
    const attempt: MachineRecord = { ...record, endpoint, accelerator: accelerator.name };
    // Before QEMU starts: whoever finds it later, with us dead, must know where it listens.
    await writeRecord(folder, attempt);
    try {
      await launch(folder, record.expiresAt, qemuArguments(shape, accelerator, endpoint), {
        ...(saved ? { file: saved.state } : {}),
        ...(signal ? { signal } : {}),
      });
    } catch (error) {
      if (!(error instanceof AddressTaken)) throw error;
      log?.(`${endpoint.address}:${endpoint.port} is taken, trying the next address`);
      continue;
    }
    try {
      await saved?.restore();
    } catch (error) {
      // Half restored, it answers to nobody and would be taken for one that runs.
      await switchOff(folder, id, log ? { log } : {});
      throw error;
    }
    return running(folder, { ...attempt, startedAt: record.startedAt ?? new Date().toISOString() });
  }
  throw new UserError(
    `machine "${id}" found no free address: ${endpointCandidates(id).length} of 127.0.0.0/8 were tried, all in use`,
    "see what listens there: ss -ltnp 'sport = :2222'",
    ExitCode.Infrastructure,
  );
}

/** Notes that the machine runs, and tells where. */
async function running(folder: string, record: MachineRecord): Promise<Machine> {
  await writeRecord(folder, record);
  const pid = (await processesOf(folder, record.id)).find(({ isQemu }) => isQemu)?.pid;
  const { endpoint, accelerator } = record;
  if (pid === undefined || endpoint === undefined || accelerator === undefined)
    throw new UserError(
      `QEMU of machine "${record.id}" ended right after it had started`,
      `see ${join(folder, files.log)}`,
      ExitCode.Infrastructure,
    );
  return { ...describe(folder, record), ...endpoint, pid, accelerator };
}

/** Takes over a machine whose QEMU runs already. */
async function adopt(folder: string, record: MachineRecord, { log, signal }: Options): Promise<Machine> {
  log?.(`QEMU of ${record.id} runs already, taking it over`);
  await waitForQmp(folder, adoptTimeoutMs, () => undefined, signal);
  return running(folder, { ...record, startedAt: record.startedAt ?? new Date().toISOString() });
}

/** @throws UserError that says who has the name, unless it is the same stack's own remains */
function refuseIfHeld({ id, tags }: MachineRecord, by: MachineSpec): void {
  if (tags.stack === by.tags.stack && tags.backendHash === by.tags.backendHash) return;
  throw new UserError(
    `machine "${id}" belongs to stack ${tags.stack}, run ${tags.runId}, of ${tags.owner}, made at ${tags.createdAt}`,
    `choose another id, or remove that one: kmvm vm delete ${tags.stack}`,
  );
}

/** The folder and record to go on with: those that are there, if they are of the same machine, or new ones. */
async function claim(
  home: string,
  spec: MachineSpec,
  options: Options,
): Promise<{ folder: string; record: MachineRecord }> {
  const wanted = recordOf(spec);
  const machines = homeFolders.machines(home);
  await mkdir(machines, { recursive: true, mode: 0o700 });
  const folder = join(await realpath(machines), spec.id);
  const found = await readRecord(folder);
  // One that has run keeps the hardware that it has run on. Any other begins as it is asked to: booted, or restored.
  const begins = ({ hardware, warm }: MachineRecord) => `${hardware} ${warm ? "restored" : "booted"}`;
  const fits = found && (found.startedAt !== undefined || begins(found) === begins(wanted));
  if (fits && sameMachine(found, wanted)) return { folder, record: { ...found, tags: wanted.tags } };
  if (found) {
    refuseIfHeld(found, spec);
    options.log?.(`removing ${spec.id}, which an earlier run left with other settings`);
    await removeMachine(home, spec.id, options);
  }
  await checkMemory(await neededMiB(spec.memoryMiB, spec.warm?.memory));
  await checkDiskSpace(machines);
  if (await createFolder(folder, newFolder(home, spec.id, randomUUID().slice(0, 8)), wanted))
    return { folder, record: wanted };
  const winner = await readRecord(folder);
  if (winner && sameMachine(winner, wanted)) return { folder, record: winner };
  throw new UserError(`machine "${spec.id}" is being made by another process`, "choose another id, or try again");
}

/**
 * Makes a machine and starts it, or goes on where an earlier attempt with the same specification was cut off. Returns
 * as soon as QEMU runs and answers; that the guest has booted is for others to wait for.
 *
 * @throws UserError when something is missing on this host (program, memory, disk, address) or the name is taken
 */
export async function startMachine(home: string, spec: MachineSpec, options: Options = {}): Promise<Machine> {
  if (!idPattern.test(spec.id))
    throw new UserError(
      `machine id "${spec.id}" is not 1 to 63 of a-z, 0-9 and -, beginning and ending with a letter or digit`,
    );
  checkExpiry(spec.id, spec.expiresAt);
  const { folder, record } = await claim(home, spec, options);
  try {
    // One that was cut off while it was restored cannot be told from one that has become somebody: it is begun anew.
    const halfRestored = spec.warm && record.startedAt === undefined;
    if ((await processesOf(folder, spec.id)).some(({ isQemu }) => isQemu)) {
      if (!halfRestored) return await adopt(folder, record, options);
      await switchOff(folder, spec.id, options);
    }
    if (halfRestored) await rm(join(folder, files.overlay), { force: true });
    await writeCredentials(folder, spec);
    return await bringUp(folder, record, startOf(folder, record), options);
  } catch (error) {
    throw explainDiskFull(folder, error);
  }
}

/**
 * Puts a machine back to what its first start left: another disk over its image, the same name, keys and expiry. A clone
 * becomes a clone again, which takes a second; any other one boots, and so does one that cannot be restored.
 */
export async function resetMachine(home: string, id: string, options: Options = {}): Promise<Machine> {
  const folder = await findFolder(home, id);
  const record = folder === undefined ? undefined : await readRecord(folder);
  if (folder === undefined || record === undefined) throw noSuchMachine(id);
  checkExpiry(id, record.expiresAt);
  const { startedAt: _, ...fresh } = record;
  try {
    await switchOff(folder, id, options);
    // Half made from here on: what is killed now is not taken for a machine that has only been stopped.
    await writeRecord(folder, fresh);
    return await beginAnew(folder, fresh, options, bringUp);
  } catch (error) {
    throw explainDiskFull(folder, error);
  }
}

/** Lets a machine that was saved go on where it was, as the one that it was. */
export async function wakeMachine(home: string, id: string, options: Options = {}): Promise<Machine> {
  const folder = await findFolder(home, id);
  const record = folder === undefined ? undefined : await readRecord(folder);
  if (folder === undefined || record === undefined) throw noSuchMachine(id);
  const saved = {
    state: join(folder, files.state),
    console: join(folder, files.console),
    restore: () => restoreState(folder, id),
  };
  return bringUp(
    folder,
    record,
    { backing: record.image, memoryFile: { path: files.memory, share: true }, saved },
    options,
  );
}

/** Starts a stopped machine again from its own disk. Nothing to do when it runs. */
export async function resumeMachine(home: string, id: string, options: Options = {}): Promise<Machine> {
  const folder = await findFolder(home, id);
  const record = folder === undefined ? undefined : await readRecord(folder);
  if (folder === undefined || record === undefined) throw noSuchMachine(id);
  if ((await inspectMachine(home, id))?.state === "running") return adopt(folder, record, options);
  checkExpiry(id, record.expiresAt);
  if (!(await exists(join(folder, files.tmpfilesExtra))))
    throw new UserError(
      `machine "${id}" was never made whole and cannot be started`,
      `remove it: kmvm vm delete ${record.tags.stack}`,
    );
  try {
    if (record.startedAt === undefined) return await beginAnew(folder, record, options, bringUp);
    return await bringUp(folder, record, startOf(folder, record), options);
  } catch (error) {
    throw explainDiskFull(folder, error);
  }
}
