/**
 * A signal that aborts when `signal` does, or after `timeMs`. Not AbortSignal.any over AbortSignal.timeout: nobody holds the
 * latter then, and Node.js drops its timer at the next garbage collection (nodejs/node#57736). The timer keeps no process
 * from ending.
 * @param reason what it aborts with when the time is over. @default an Error that says so
 */
export function timeLimit(
  timeMs: number,
  signal?: AbortSignal,
  reason: Error = new Error(`not done within ${timeMs / 1000} s`),
): AbortSignal {
  const over = new AbortController();
  setTimeout(() => {
    over.abort(reason);
  }, timeMs).unref();
  return signal ? AbortSignal.any([signal, over.signal]) : over.signal;
}
