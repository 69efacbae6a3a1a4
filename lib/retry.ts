/** What a wait needs of time; tests pass one of their own. */
export interface Clock {
  now(): number;
  sleep(ms: number): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/** A wait with a name, so that a timeout can say what was awaited and for how long. */
export interface Wait<T> {
  /** Completes the sentence "gave up waiting for …". */
  readonly what: string;
  /** Milliseconds from the first attempt on. */
  readonly timeoutMs: number;
  /** Milliseconds between two attempts. @default 100 */
  readonly intervalMs?: number;
  /** One attempt: a value ends the wait, undefined means not yet, a throw ends it with that error. */
  readonly attempt: () => Promise<T | undefined> | T | undefined;
  /** Ends the wait early. */
  readonly signal?: AbortSignal;
}

export class TimeoutError extends Error {
  override readonly name = "TimeoutError";
}

/** @throws TimeoutError; what an attempt throws; the signal's reason */
export async function retryUntil<T>(wait: Wait<T>, clock: Clock = systemClock): Promise<T> {
  const started = clock.now();
  for (;;) {
    wait.signal?.throwIfAborted();
    const value = await wait.attempt();
    if (value !== undefined) return value;
    if (clock.now() - started >= wait.timeoutMs)
      throw new TimeoutError(`gave up waiting for ${wait.what} after ${Math.round(wait.timeoutMs / 1000)} s`);
    await clock.sleep(wait.intervalMs ?? 100);
  }
}
