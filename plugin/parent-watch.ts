/**
 * Ends this process when the one that started it is gone: an engine that is killed tells nobody, and plugins would
 * outlive it. Checked by asking who the parent is, since nothing signals it to a process of another session.
 * @param onGone what to do instead of exiting at once
 */
export function exitWithParent(onGone: () => void = () => process.exit(1)): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onGone();
  }, 250);
  timer.unref();
}
