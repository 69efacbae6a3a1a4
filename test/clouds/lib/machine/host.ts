import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { renameSync, rmSync, writeFileSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, createServer as createListener, type Server } from "node:net";
import { join } from "node:path";
import { identify } from "../../../../lib/process";
import { qemuBinary } from "../../../../provider/qemu/binary";
import { waitForQmp, withQmp } from "../../../../provider/qemu/qmp";
import { guestPort, machineArguments, machineFiles, type MachinePlan } from "./plan";

export interface HostDuties {
  /** Answers the guest's requests to the metadata service. */
  metadata(request: IncomingMessage, response: ServerResponse): void;
  /** Whether the firewall lets a caller in to port 22 now. */
  admits(): boolean;
  /** QEMU has ended: because the guest switched itself off, or it was made to. To be done before this process ends. */
  ended(): Promise<void>;
}

/** Signals that a host obeys: as an unplugged cable, as a press on the power button. */
export const hostSignals = { kill: "SIGTERM", powerButton: "SIGUSR1" } as const;

/** After a press on the power button, how long the guest may take. */
const powerOffMs = 90_000;

/** Port 22 of the machine's address. A caller that is not let in gets no answer at all, as from a security group. */
function firewall({ address }: MachinePlan, admits: () => boolean): Server {
  const server = createListener((caller) => {
    caller.on("error", () => caller.destroy());
    if (!admits()) return;
    const guest = connect(guestPort, address);
    guest.on("error", () => caller.destroy());
    guest.on("close", () => caller.destroy());
    caller.on("close", () => guest.destroy());
    caller.pipe(guest).pipe(caller);
  });
  return server.listen(22, address);
}

function startQemu(plan: MachinePlan): ChildProcess {
  // QEMU must not outlive the one that counts the seconds.
  const child = spawn("setpriv", ["--pdeathsig", "KILL", "--", qemuBinary, ...machineArguments(plan)], {
    stdio: ["ignore", "inherit", "inherit"],
    env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C" },
  });
  setTimeout(() => child.kill("SIGKILL"), plan.deadline - Date.now()).unref();
  return child;
}

/**
 * What a cloud's host does for one machine: keeps its QEMU, serves its metadata, and does what is to be done when it
 * ends. Works in the machine's folder; ends with QEMU.
 */
export async function keepMachine(folder: string, duties: HostDuties): Promise<void> {
  process.chdir(folder);
  const plan = JSON.parse(readFileSync(machineFiles.plan, "utf8")) as MachinePlan;
  rmSync(machineFiles.metadata, { force: true });
  const server = createServer((request, response) => {
    duties.metadata(request, response);
  });
  await once(server.listen(machineFiles.metadata), "listening");

  const gate = firewall(plan, () => duties.admits());
  await once(gate, "listening");

  const qemu = startQemu(plan);
  const ended = new Promise<void>((resolve) =>
    qemu.once("exit", () => {
      resolve();
    }),
  );
  process.on(hostSignals.kill, () => qemu.kill("SIGKILL"));
  process.on(hostSignals.powerButton, () => {
    setTimeout(() => qemu.kill("SIGKILL"), powerOffMs).unref();
    void withQmp(folder, (qmp) => qmp.command("system_powerdown")).catch(() => qemu.kill("SIGKILL"));
  });

  const up = await waitForQmp(folder, 60_000, () =>
    qemu.exitCode === null && qemu.signalCode === null ? undefined : new Error("QEMU ended"),
  ).catch(() => undefined);
  if (up) {
    writeFileSync(`${machineFiles.host}.new`, JSON.stringify(identify(process.pid)));
    renameSync(`${machineFiles.host}.new`, join(folder, machineFiles.host));
  } else qemu.kill("SIGKILL");
  await ended;
  await duties.ended();
  // Nothing else is to be waited for: connections that are still open are to a machine that is gone.
  process.exit(0);
}
