import { readFileSync } from "node:fs";

/** Milliseconds of processor time of this process's main thread; undefined except on Linux. */
function processorTime(): number | undefined {
  try {
    // Nanoseconds on a processor (Documentation/scheduler/sched-stats.rst). Node's own clock of a thread is too new.
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, "latin1").split(" ")[0]) / 1e6;
  } catch {
    return undefined;
  }
}

export interface HostBlock {
  /** The longest time without a turn of the event loop, in milliseconds. A busy machine makes it longer. */
  readonly wall: number;
  /** The most processor time between two turns; undefined if it can't be measured. */
  readonly processor: number | undefined;
}

/** Runs `work`, and reports for how long the extension host's event loop, which all extensions share, had no turn. */
export async function longestBlockInHost(work: () => Promise<unknown>): Promise<HostBlock> {
  let wall = 0;
  let processor: number | undefined;
  let [lastTime, lastUsed] = [performance.now(), processorTime()];
  const look = (): void => {
    const [time, used] = [performance.now(), processorTime()];
    // The timer's own delay is not a block.
    wall = Math.max(wall, time - lastTime - pause);
    if (used !== undefined && lastUsed !== undefined) {
      processor = Math.max(processor ?? 0, used - lastUsed);
    }
    [lastTime, lastUsed] = [time, used];
  };
  const looking = setInterval(look, pause);
  try {
    await work();
    await new Promise((resolve) => setImmediate(resolve));
    look();
    return { wall, processor };
  } finally {
    clearInterval(looking);
  }
}

/** Milliseconds between two checks. */
const pause = 2;
