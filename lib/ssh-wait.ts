import { setMaxListeners } from "node:events";
import type { Socket } from "node:net";
import { systemClock, TimeoutError } from "./retry";
import { logInOver, type ConnectOptions, type SshConnection } from "./ssh";
import { ConnectionLost, LoginRefused } from "./ssh-errors";
import { openSpeakingSocket } from "./ssh-socket";

/** Milliseconds. A booting guest refuses, then is silent, then refuses logins until it has booted. */
const patience = {
  betweenAttempts: 100,
  /** pam_nologin refuses users during boot; a key that is still refused after this is a wrong key. */
  withRefusals: 30_000,
} as const;

/**
 * How long is waited after having waited so long already, milliseconds. QEMU's forwarder repeats its own attempts after
 * 6, 18, … s: a fresh one gets through sooner. But each costs the guest a process, and with two of them a second one that
 * is slow has no time to answer any: the slower, the fewer, and the more time each. Pure.
 */
export function patienceAfter(waitedMs: number): { untilAnother: number; forWord: number; forLogin: number } {
  const part = (share: number, least: number, most: number) => Math.min(most, Math.max(least, waitedMs * share));
  return {
    untilAnother: part(0.03, 500, 5_000),
    forWord: part(0.25, 15_000, 60_000),
    forLogin: part(0.25, 30_000, 60_000),
  };
}

/**
 * The first of several staggered attempts on which the other side speaks. All that are still silent stay open: the
 * oldest may be the one that an overloaded guest is about to answer, and a limit to them would keep fresh ones away.
 */
async function firstSpeaking(
  { address, port }: Pick<ConnectOptions, "address" | "port">,
  started: number,
  deadline: number,
  signal: AbortSignal,
): Promise<Socket> {
  const patient = () => patienceAfter(Date.now() - started);
  const others = new AbortController();
  const stop = AbortSignal.any([signal, others.signal]);
  // Each attempt listens to it, and there are as many as the guest takes to boot: no leak that Node should warn of.
  setMaxListeners(0, stop);
  let winner: Socket | undefined;
  let lastError: unknown = new ConnectionLost(`${address}:${port}: no answer`);
  let wake: () => void = () => undefined;
  const attempt = async () => {
    try {
      const socket = await openSpeakingSocket(address, port, { timeoutMs: patient().forWord, signal: stop });
      if (winner) socket.destroy();
      else winner = socket;
    } catch (error) {
      lastError = error;
      await systemClock.sleep(patience.betweenAttempts);
    }
    wake();
  };
  try {
    while (Date.now() < deadline) {
      signal.throwIfAborted();
      void attempt();
      const woken = new Promise<void>((resolve) => (wake = resolve));
      await Promise.race([woken, systemClock.sleep(patient().untilAnother)]);
      if (winner) return winner;
    }
    throw lastError;
  } finally {
    others.abort();
  }
}

/**
 * Logs in to a machine that may still be booting.
 * @throws HostKeyMismatch at once; LoginRefused when refusals go on; TimeoutError that says what the last attempt
 * came to; the signal's reason
 */
export async function waitForSsh(options: ConnectOptions & { readonly timeoutMs: number }): Promise<SshConnection> {
  const { address, port, timeoutMs } = options;
  const signal = options.signal ?? new AbortController().signal;
  const started = Date.now();
  const deadline = started + timeoutMs;
  let refusedSince: number | undefined;
  for (;;) {
    try {
      const socket = await firstSpeaking(options, started, deadline, signal);
      return await logInOver(socket, { ...options, timeoutMs: patienceAfter(Date.now() - started).forLogin });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof LoginRefused) {
        refusedSince ??= Date.now();
        if (Date.now() - refusedSince > patience.withRefusals) throw error;
      } else if (!(error instanceof ConnectionLost)) throw error;
      if (Date.now() >= deadline)
        throw new TimeoutError(
          `no ssh on ${address}:${port} within ${Math.round(timeoutMs / 1000)} s: ${error.message}`,
          { cause: error },
        );
      await systemClock.sleep(patience.betweenAttempts);
    }
  }
}
