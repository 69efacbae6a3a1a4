import type { SshConnection } from "./ssh";
import type { ExecOptions, ExecResult } from "./ssh-exec";

/** A way into a guest, over which scripts run as root. */
export interface RootShell {
  /** @throws ConnectionLost when it ends first; the signal's reason; what broke `stdin` or `stdout` */
  run(script: string, options?: ExecOptions): Promise<ExecResult>;
  /** When the guest was last heard; milliseconds as Date.now(). */
  lastHeardAt(): number;
  /** Resolves when it has ended, for whatever reason. */
  readonly ended: Promise<void>;
  close(): void;
}

/** Scripts must not have a single quote in them. */
export const rootShellOver = (connection: SshConnection): RootShell => ({
  run: (script, options) => connection.exec(`sudo -n sh -c '${script}'`, options),
  lastHeardAt: () => connection.lastHeardAt(),
  ended: connection.ended,
  close: () => {
    connection.close();
  },
});
