export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)];
  const lower = sorted[Math.ceil(middle) - 1];
  if (upper === undefined || lower === undefined) {
    throw new Error("no values");
  }
  return (lower + upper) / 2;
}

/** The smallest value that at least this share (0 to 1) of all values do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  if (value === undefined) {
    throw new Error("no values");
  }
  return value;
}

/** Milliseconds that `work` takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/**
 * Measures two things alternately, so that other load on the machine affects both alike; which one goes first changes
 * each time. The first `warmUp` rounds don't count. Returns the medians.
 */
export async function interleaved(
  ours: () => Promise<number>,
  peer: () => Promise<number>,
  options: { readonly runs: number; readonly warmUp?: number },
): Promise<{ ours: number; peer: number }> {
  const warmUp = options.warmUp ?? 2;
  const found = { ours: [] as number[], peer: [] as number[] };
  for (let round = 0; round < warmUp + options.runs; round++) {
    for (const side of round % 2 === 0 ? (["ours", "peer"] as const) : (["peer", "ours"] as const)) {
      const value = await (side === "ours" ? ours : peer)();
      if (round >= warmUp) {
        found[side].push(value);
      }
    }
  }
  return { ours: median(found.ours), peer: median(found.peer) };
}
