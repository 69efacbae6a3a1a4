import { mkdtemp, rm, symlink } from "node:fs/promises";
import { createServer, connect, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kmvmHome, repositoryRoot } from "../../../lib/paths";
import type { RunRequest } from "../../../lib/run-request";
import type { RunResult } from "../../../lib/run-result";
import { resolveImage } from "../../../provider/images/store";
import { warmImage } from "../../../provider/images/warm";
import type { StartPolicy } from "../../../lib/start-policy";
import { startFresh } from "../../../provider/machine-start";
import { removeMachine, type Machine } from "../../../provider/qemu/machine";
import type { MachineImage, MachineSpec, Options } from "../../../provider/qemu/spec";
import { generateKeyPair } from "../../../provider/ssh-key-format";
import { run } from "../../../runner/run";

/** A machine of its own, and a folder that plays the checkout for the runner's evidence. */
export interface RunnerBench {
  readonly root: string;
  readonly machine: Machine;
  /** What the runner has said and shown in the last run. */
  readonly printed: string[];
  request(payload: string, changes?: Partial<RunRequest>): RunRequest;
  /** Another attempt each time. */
  start(request: RunRequest, cancel?: AbortSignal): Promise<RunResult>;
  cleanUp(): Promise<void>;
}

let attempts = 0;

/** @param start cold: ssh is the only way in; warm: the machine's own port is the first */
export async function makeBench(id: string, start: StartPolicy = "warm"): Promise<RunnerBench> {
  const root = await mkdtemp(join(tmpdir(), "kmvm-runner-"));
  const home = kmvmHome();
  await symlink(join(repositoryRoot(), "scripts"), join(root, "scripts"));
  const userKey = generateKeyPair("user");
  const hostKey = generateKeyPair("host");
  const runId = Math.random().toString(36).slice(2, 10);
  const machineId = `runner-${id}-${runId}`;
  const image = await resolveImage(home, "L0-base");
  const expiresAt = new Date(Date.now() + 1200_000).toISOString();
  const spec: MachineSpec = {
    ...{
      id: machineId,
      image,
      boot: "direct",
      vcpus: 2,
      memoryMiB: 2048,
      // As by default: one warm image does for all.
      diskGiB: 20,
      expiresAt,
      user: "kmvm",
      hostKey,
    },
    authorizedKey: userKey.publicKey,
    tags: { project: "kmvm", backendHash: "t", stack: `test-dev-${id}`, runId, createdAt: expiresAt, owner: "tests" },
  };
  const dependencies = {
    home,
    warmImage: (image: MachineImage, shape: MachineSpec, options: Options) => warmImage(home, image, shape, options),
  };
  const machine = await startFresh(dependencies, start, spec, {});
  const printed: string[] = [];
  return {
    root,
    machine,
    printed,
    request: (payload, changes = {}) => ({
      stack: `test-dev-${id}`,
      runId,
      attempt: ++attempts,
      machine: {
        ...{ id: machineId, address: machine.address, port: machine.port, user: "kmvm", expiresAt },
        ...{ hostKey: hostKey.publicKey, privateKey: userKey.privateKey },
        ...{ consolePath: machine.consolePath, qemuFolder: machine.folder },
        ...{ imageVersion: machine.imageVersion, accelerator: machine.accelerator },
      },
      source: { kind: "directory", path: join(repositoryRoot(), "test/fixtures/payloads") },
      directories: [payload],
      target: "test",
      device: "/dev/kvm",
      environment: {},
      limits: { boot: 120, run: 120, hang: 60, logMiB: 512, artifactsMiB: 50 },
      shownSettings: { payload },
      ...changes,
    }),
    start: (request, cancel = new AbortController().signal) => {
      printed.length = 0;
      return run(request, { root, cancel, print: (line) => printed.push(line) });
    },
    cleanUp: async () => {
      await removeMachine(home, machineId);
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** A way to the machine that can be cut. */
export interface Cuttable {
  readonly port: number;
  cut(): void;
  close(): void;
}

export async function cuttableWay(address: string, port: number): Promise<Cuttable> {
  const open = new Set<Socket>();
  const server: Server = createServer((near) => {
    const far = connect(port, address);
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on("error", () => undefined).on("close", () => open.delete(socket));
    }
    near.pipe(far).pipe(near);
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const cut = () => {
    for (const socket of open) socket.resetAndDestroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    close: () => {
      cut();
      server.close();
    },
  };
}
