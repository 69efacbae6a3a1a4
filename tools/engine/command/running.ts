import { endGroup, signalCommands } from "./group";

/** With the engine gone, commands have this long to put their things in order. */
const graceMs = 1500;

let count = 0;
let whenIdle: (() => void) | undefined;

function leaveWhenIdle(leave: () => void): void {
  whenIdle = leave;
  if (count === 0) leave();
}

/** Waits for a command's end. */
export async function running<T>(ended: Promise<T>): Promise<T> {
  count += 1;
  try {
    return await ended;
  } finally {
    count -= 1;
    // Not before the answer is on its way to the engine.
    if (count === 0) setTimeout(() => whenIdle?.(), 100);
  }
}

/**
 * The engine has asked the whole group to stop, by SIGINT, so the commands know already; a second one means "at once"
 * to many. The engine kills after 5 seconds whatever is left.
 */
export function leaveAfterCommands(): void {
  leaveWhenIdle(() => process.exit(0));
}

/** Ends the commands and then this process: by SIGINT, and whatever is left of them after a short time by SIGKILL. */
export function leaveWithCommands(): void {
  if (count > 0) signalCommands("SIGINT");
  leaveWhenIdle(endGroup);
  setTimeout(endGroup, graceMs);
}
