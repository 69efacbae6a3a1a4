import { codeOf } from "../lib/errors";
import type { RunRequest } from "../lib/run-request";
import { systemClock } from "../lib/retry";
import { rootShellOver, type RootShell } from "../lib/root-shell";
import { waitForSsh } from "../lib/ssh-wait";
import { runState } from "../provider/qemu/diagnostics";
import { openShell } from "../provider/qemu/warm/shell";

/** There is no machine any more that could answer. */
export class MachineGone extends Error {
  override readonly name = "MachineGone";

  constructor() {
    super("the machine is gone: its QEMU has ended");
  }
}

/** Milliseconds that a clone's port has before ssh is tried, too. */
const portAloneMs = 1000;

const never = () => new Promise<never>(() => undefined);

const gone = new Set(["ENOENT", "ECONNREFUSED"]);

/** Rejects when the machine's QEMU has ended. Where there is no local QEMU, nothing is ever said. */
async function untilGone(qemuFolder: string | undefined, signal: AbortSignal): Promise<never> {
  for (let refusals = 0; ;) {
    await systemClock.sleep(500);
    if (signal.aborted || qemuFolder === undefined) return new Promise<never>(() => undefined);
    try {
      await runState(qemuFolder);
      refusals = 0;
    } catch (error) {
      // One that does not answer is another matter.
      refusals = gone.has(codeOf(error) ?? "") ? refusals + 1 : 0;
    }
    if (refusals >= 2) throw new MachineGone();
  }
}

/** The one connection to the guest, made anew whenever it is lost. */
export class GuestLink {
  private connection: RootShell | undefined;
  private heardAt = Date.now();

  constructor(private readonly machine: RunRequest["machine"]) {}

  /** The connection, if there is one right now. */
  get current(): RootShell | undefined {
    return this.connection;
  }

  /** When the guest was last heard, milliseconds since the epoch. */
  lastHeardAt(): number {
    return (this.heardAt = Math.max(this.heardAt, this.connection?.lastHeardAt() ?? 0));
  }

  /**
   * Waits until the guest lets us in.
   * @throws MachineGone, and as `waitForSsh`
   */
  async connect(timeoutMs: number, signal: AbortSignal): Promise<RootShell> {
    const { qemuFolder } = this.machine;
    const settled = new AbortController();
    const either = AbortSignal.any([signal, settled.signal]);
    try {
      const connection = await Promise.race([this.firstWayIn(timeoutMs, either), untilGone(qemuFolder, either)]);
      this.connection = connection;
      void connection.ended.then(() => {
        this.lastHeardAt();
        if (this.connection === connection) this.connection = undefined;
      });
      return connection;
    } finally {
      settled.abort();
    }
  }

  /**
   * A clone's own port, or ssh, which costs an emulated guest a second more.
   * @param signal also ends the attempt that was not needed
   */
  private async firstWayIn(timeoutMs: number, signal: AbortSignal): Promise<RootShell> {
    const { address, port, user, privateKey, hostKey, qemuFolder } = this.machine;
    const portAnswers = qemuFolder === undefined ? never() : openShell(qemuFolder, signal).catch(never);
    const early = await Promise.race([portAnswers, systemClock.sleep(portAloneMs)]);
    if (early) return early;
    const overSsh = waitForSsh({ address, port, user, privateKey, hostKey, timeoutMs, signal });
    return Promise.race([portAnswers, overSsh.then(rootShellOver)]);
  }

  close(): void {
    this.connection?.close();
  }
}
