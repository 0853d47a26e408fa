/**
 * Whether a process exists, also one of another user. A process of another container, which we can't see, counts as not
 * running.
 */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
