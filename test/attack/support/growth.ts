/**
 * Measures what an input of growing size costs this process, so that a test can limit the growth instead of the time:
 * a slow or busy machine is slow for both sizes.
 */

export interface Cost {
  /** Processor time of this process (user and system), in milliseconds. */
  readonly cpu: number;
  /** Growth of the resident set, in bytes. Zero if it shrank. */
  readonly memory: number;
}

/** Runs `work` and reports what it cost. */
export async function costOf(work: () => unknown): Promise<Cost> {
  const memoryBefore = process.memoryUsage.rss();
  const cpuBefore = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    cpu: (user + system) / 1000,
    memory: Math.max(0, process.memoryUsage.rss() - memoryBefore),
  };
}

/** Processor time below this is noise: its growth is meaningless. */
const noiseFloor = 40;

export interface Growth {
  /** Processor time for the larger input, in milliseconds. */
  readonly cpu: number;
  /** Processor time for twice the input divided by that for the input once; 1 if both are noise. */
  readonly factor: number;
}

/**
 * Compares the cost of `work(size)` with that of `work(2 * size)`; the smallest of three runs counts for each. The
 * event loop has a turn between two runs, so that the longest block of a table is that of one input.
 */
export async function growthOf(size: number, work: (size: number) => unknown): Promise<Growth> {
  const [once, twice] = [await quickest(() => work(size)), await quickest(() => work(2 * size))];
  return { cpu: twice, factor: twice <= noiseFloor ? 1 : twice / Math.max(once, noiseFloor / 2) };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function quickest(work: () => unknown): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 3; run += 1) {
    await turn();
    least = Math.min(least, (await costOf(work)).cpu);
    if (least > 2000) {
      break;
    }
  }
  return least;
}
