/** Processor time of the calling thread in microseconds; since Node 23.9, which the types don't know. */
interface ThreadClock {
  threadCpuUsage(): { readonly user: number; readonly system: number };
}

function threadTime(): number {
  const { user, system } = (process as unknown as ThreadClock).threadCpuUsage();
  return (user + system) / 1_000;
}

/**
 * Runs `work` and reports the longest time, in milliseconds, in which the event loop had no turn. It counts processor
 * time of this thread, so that a busy machine does not look like a block.
 */
export async function longestBlock<T>(
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly block: number }> {
  let block = 0;
  let running = true;
  let last = threadTime();
  const look = (): void => {
    const now = threadTime();
    block = Math.max(block, now - last);
    last = now;
    if (running) {
      setImmediate(look);
    }
  };
  setImmediate(look);
  try {
    const result = await work();
    await new Promise((resolve) => setImmediate(resolve));
    return { result, block };
  } finally {
    running = false;
  }
}
