import { endGroup, signalCommands } from "./group";

/** After being asked to stop because the engine is gone, commands have this long to put their things in order. */
const graceMs = 1500;

let count = 0;
let leaving = false;
const interrupted = new WeakSet<AbortSignal>();

/** Asks every command to stop, as ctrl-c would; once a cancellation, since a second one means "at once" to many. */
function interruptOnce(cancelled: AbortSignal): void {
  if (interrupted.has(cancelled)) return;
  interrupted.add(cancelled);
  signalCommands("SIGINT");
}

/** Waits for a command's end, and asks it to stop when the engine cancels. */
export async function running<T>(ended: Promise<T>, cancelled: AbortSignal): Promise<T> {
  count += 1;
  const stop = (): void => {
    interruptOnce(cancelled);
  };
  cancelled.addEventListener("abort", stop);
  try {
    return await ended;
  } finally {
    cancelled.removeEventListener("abort", stop);
    count -= 1;
    if (leaving && count === 0) endGroup();
  }
}

/** Ends the commands and then this process: by SIGINT, and whatever is left of them after a short time by SIGKILL. */
export function leaveWithCommands(): void {
  if (leaving) return;
  leaving = true;
  if (count === 0) endGroup();
  signalCommands("SIGINT");
  setTimeout(endGroup, graceMs);
}
