/**
 * A signal that aborts when `signal` does, or after `timeMs`. Not AbortSignal.any over AbortSignal.timeout: nobody holds the
 * latter then, and Node.js drops its timer at the next garbage collection (nodejs/node#57736). The timer keeps no process
 * from ending.
 */
export function timeLimit(timeMs: number, signal?: AbortSignal): AbortSignal {
  const over = new AbortController();
  setTimeout(() => {
    over.abort(new Error(`not done within ${timeMs / 1000} s`));
  }, timeMs).unref();
  return signal ? AbortSignal.any([signal, over.signal]) : over.signal;
}
