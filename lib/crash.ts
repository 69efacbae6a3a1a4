/**
 * Ends the process where something is thrown that nobody catches, a rejection that nobody waits for included. Node's own
 * exit code for it is 1, which says that tests have failed.
 * @param tell says what was thrown. @returns the exit code
 */
export function endOnCrash(tell: (error: unknown) => number): void {
  process.on("uncaughtException", (error) => {
    // The engine's library listens while it runs a program: such an error fails the update, which is then cleaned up.
    if (process.listenerCount("uncaughtException") > 1) return;
    process.exit(tell(error));
  });
}
