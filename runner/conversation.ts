import { Writable } from "node:stream";
import { guestStatusSchema, type GuestStatus } from "../lib/guest-status";
import { messageOf } from "../lib/errors";
import { systemClock } from "../lib/retry";
import type { RootShell } from "../lib/root-shell";
import type { RunRequest } from "../lib/run-request";
import { ConnectionLost } from "../lib/ssh-errors";
import type { RunEnd } from "../lib/verdict";
import { bootIdBytes, deliveryScript, deliveryExit, deliveryStream, followScript, type Delivery } from "./delivery";
import type { GuestLink } from "./guest-link";
import { Failed } from "./infra-ends";

export interface ConversationContext {
  readonly request: RunRequest;
  readonly link: GuestLink;
  readonly delivery: Delivery;
  /** Takes the next bytes of the log; resolves when it can take more. */
  readonly onLog: (chunk: Buffer) => Promise<void>;
  /** Says what happens, in one line. */
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

const infra = (reason: string, message: string): RunEnd => ({ kind: "infra", reason, message });

/** What is told of a command that failed in the guest: the end of what it said. */
const tail = (text: string) => text.trim().split("\n").slice(-5).join("; ").slice(-500) || "it says nothing";

/** The status that a command gave as its last line. */
function statusIn(stderr: string): GuestStatus | undefined {
  try {
    return guestStatusSchema.parse(JSON.parse(stderr.trim().split("\n").at(-1) ?? ""));
  } catch {
    return undefined;
  }
}

/** Starts the run in the guest and follows it to its end, over as many connections as it takes. */
export class Conversation {
  /** Bytes of the guest's log that have arrived. */
  private offset = 0;
  private bootId = "";
  private delivery: Delivery;
  private lost = 0;

  constructor(private readonly context: ConversationContext) {
    this.delivery = context.delivery;
  }

  /** How often the connection was lost. */
  get losses(): number {
    return this.lost;
  }

  async run(first: RootShell): Promise<RunEnd> {
    let connection = first;
    let started = false;
    for (;;) {
      try {
        const { failed, stderr } = started
          ? await connection
              .run(followScript(this.offset), this.options(0))
              .then((result) => ({ ...result, failed: undefined }))
          : await this.deliver(connection);
        if (failed) return failed;
        started = true;
        const end = await this.endOf(statusIn(stderr) ?? (await this.status(connection)));
        if (end) return end;
      } catch (error) {
        const again = await this.recover(error, started);
        if ("kind" in again) return again;
        ({ connection, started } = again);
      }
    }
  }

  /** Connects again after a loss, however often that fails, and finds out how things stand. */
  private async recover(
    failure: unknown,
    started: boolean,
  ): Promise<RunEnd | { readonly connection: RootShell; readonly started: boolean }> {
    for (let error = failure; ;) {
      this.context.signal.throwIfAborted();
      if (!(error instanceof ConnectionLost)) throw error;
      try {
        const connection = await this.reconnect(error);
        const outcome = await this.afterLoss(connection, started);
        return typeof outcome === "object" ? outcome : { connection, started: outcome };
      } catch (next) {
        error = next;
      }
    }
  }

  /** @returns failed: how the run ended, if it did before it began */
  private async deliver(
    connection: RootShell,
  ): Promise<{ readonly failed: RunEnd | undefined; readonly stderr: string }> {
    // An earlier delivery may have been cut off behind its boot id, before anything was started.
    this.bootId = "";
    const { code, stderr } = await connection.run(deliveryScript(this.delivery, this.context.request), {
      ...this.options(bootIdBytes),
      stdin: deliveryStream(this.delivery),
    });
    const failed = (reason: string, message: string) => ({ failed: infra(reason, message), stderr });
    switch (code) {
      case deliveryExit.treeMissing: {
        const { files, send, reuse } = this.delivery;
        this.delivery = { files, send: [...send, ...reuse], reuse: [] };
        return this.deliver(connection);
      }
      case deliveryExit.unpackFailed:
        return failed("delivery", `the guest could not take the source: ${tail(stderr)}`);
      case deliveryExit.startFailed:
        return failed("start", `the guest could not start the run: ${tail(stderr)}`);
      default:
        // Sudo, a shell or tar that is not there, before anything was started.
        return this.bootId
          ? { failed: undefined, stderr }
          : failed("delivery", `the guest does not do as told: ${tail(stderr)}`);
    }
  }

  /** @param headerBytes of the output that come before the log */
  private options(headerBytes: number) {
    let missing = headerBytes;
    const stdout = new Writable({
      highWaterMark: 256 * 1024,
      write: (chunk: Buffer, _encoding, done) => {
        const header = chunk.subarray(0, missing);
        missing -= header.length;
        if (header.length > 0) this.bootId = (this.bootId + header.toString("latin1")).trim();
        const log = chunk.subarray(header.length);
        // Counted here: what a lost connection leaves in some buffer is asked for again.
        this.offset += log.length;
        this.context.onLog(log).then(() => {
          done();
        }, done);
      },
    });
    return { stdout, signal: this.context.signal };
  }

  /** @returns undefined while there is more to come */
  private async endOf(status: GuestStatus): Promise<RunEnd | undefined> {
    if (this.isReset(status)) return { kind: "reboot", answers: true };
    if (status.logBytes > this.offset) return undefined;
    if (status.phase === "running") {
      await systemClock.sleep(200);
      return undefined;
    }
    return { kind: "finished", status };
  }

  private async status(connection: RootShell): Promise<GuestStatus> {
    const script = "[ ! -x /opt/kmvm/test/status ] || exec /opt/kmvm/test/status";
    const { signal } = this.context;
    const { stdout, stderr } = await connection.run(script, { signal });
    if (stdout.trim() === "") {
      const none = {
        runId: "",
        attempt: 0,
        phase: "none",
        bootId: "",
        exitCode: null,
        result: "",
        logBytes: 0,
      } as const;
      return none;
    }
    try {
      return guestStatusSchema.parse(JSON.parse(stdout));
    } catch (error) {
      const why = new Error(`the guest's status cannot be read: ${messageOf(error)}; ${tail(stderr)}`, {
        cause: error,
      });
      throw new Failed("guest", why);
    }
  }

  /** Not by its id where it has none: then nothing had been started. */
  private isReset({ bootId }: GuestStatus): boolean {
    return this.bootId.length === bootIdBytes - 1 && bootId !== "" && bootId !== this.bootId;
  }

  private async reconnect(error: ConnectionLost): Promise<RootShell> {
    const { link, say, signal } = this.context;
    this.lost++;
    say(`the connection is lost (${error.message}), connecting again`);
    link.close();
    // That it does not come back is for the watch over hangs to find.
    return link.connect(24 * 3600 * 1000, signal);
  }

  /** @returns how the run ended meanwhile; or whether it had been started */
  private async afterLoss(connection: RootShell, started: boolean): Promise<RunEnd | boolean> {
    const { request, say } = this.context;
    const status = await this.status(connection);
    if (this.isReset(status)) return { kind: "reboot", answers: true };
    const ours = status.runId === request.runId && status.attempt === request.attempt && status.phase !== "none";
    if (ours) {
      say(`connected again, going on at byte ${this.offset}`);
      return true;
    }
    if (started || this.offset > 0) return infra("interrupted", "the guest does not know the run any more");
    return false;
  }
}
