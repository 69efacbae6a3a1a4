import { credentials } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";

export type Severity = "debug" | "info" | "warning" | "error";

const severities: Record<Severity, LogSeverity> = {
  debug: LogSeverity.DEBUG,
  info: LogSeverity.INFO,
  warning: LogSeverity.WARNING,
  error: LogSeverity.ERROR,
};

/** The engine's log service: what a plugin says there appears in the display, beside its resource. */
export class Engine {
  private readonly client: EngineClient;
  /** Lines are sent one after the other, so that they are shown in order. */
  private queue: Promise<void> = Promise.resolve();

  constructor(address: string) {
    this.client = new EngineClient(address, credentials.createInsecure());
  }

  /** Rejects when nobody answers at the engine's address. */
  reachable(timeoutMs = 10_000): Promise<void> {
    return new Promise((resolve, reject) => {
      this.client.waitForReady(Date.now() + timeoutMs, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  /** @param ephemeral the next such line replaces this one */
  log(severity: Severity, message: string, urn: string, ephemeral = false): void {
    const request = new LogRequest()
      .setSeverity(severities[severity])
      .setMessage(message)
      .setUrn(urn)
      .setEphemeral(ephemeral);
    // An engine that does not listen any more is no reason for a plugin to fail.
    this.queue = this.queue.then(
      () =>
        new Promise((resolve) =>
          this.client.log(request, () => {
            resolve();
          }),
        ),
    );
  }

  /** Resolves when everything said so far has arrived. */
  drained(): Promise<void> {
    return this.queue;
  }
}
