/** Processor time of the calling thread in microseconds; since Node 23.9, and missing in the types. */
interface ThreadClock {
  threadCpuUsage(): { readonly user: number; readonly system: number };
}

function threadTime(): number {
  const { user, system } = (process as unknown as ThreadClock).threadCpuUsage();
  return (user + system) / 1_000;
}

let attackers = 0;
let depth = 0;

/** Processor time of this thread for the attacker's own work since the process started, in milliseconds. */
export function attackersTime(): number {
  return attackers;
}

/** Does work of the attacker, which runs in the same process: it counts for no bound. */
export function asAttacker<T>(work: () => T): T {
  if (depth > 0) {
    return work();
  }
  const begun = threadTime();
  depth++;
  try {
    return work();
  } finally {
    depth--;
    attackers += threadTime() - begun;
  }
}

/** Processor time of this thread without the attacker's work. */
function victimsTime(): number {
  return threadTime() - attackers;
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
  let last = victimsTime();
  const look = (): void => {
    const now = victimsTime();
    const spent = now - last;
    block = Math.max(block, spent);
    last = now;
    if (!running) {
      return;
    }
    // In every turn while there is work; checking in each turn of an idle loop would itself be the work.
    if (spent > 0.5) {
      setImmediate(look);
    } else {
      setTimeout(look, 4);
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
