import { performance } from "node:perf_hooks";
import { attackCases } from "../attack/support/attackCases.ts";
import type { BenchContext, Benchmark, Row } from "./benchmark.ts";

/** Milliseconds that no case may hold the event loop, which all extensions of a window share. */
const longestBlock = 50;

/** What hostile input costs everybody else. Nothing compares. */
export const attackBenchmark: Benchmark = {
  name: "attack",
  about: "the longest block of the event loop while hostile input is handled (no peer)",
  async run(context: BenchContext): Promise<Row[]> {
    const rows: Row[] = [];
    for (const { name, run } of attackCases) {
      context.note(name);
      let least = Number.POSITIVE_INFINITY;
      // A burst of garbage collection is not the case's doing: the best of three runs counts.
      for (let round = 0; round < (context.runs ?? 3); round++) {
        least = Math.min(least, await longestBlockDuring(run));
      }
      rows.push({
        name,
        unit: "ms",
        ours: least,
        peer: undefined,
        bar: { of: "ours", value: longestBlock },
      });
    }
    return rows;
  },
};

/** Milliseconds between two turns of the event loop, the longest while `work` is done. */
async function longestBlockDuring(work: () => Promise<void>): Promise<number> {
  let longest = 0;
  let last = performance.now();
  let done = false;
  const beat = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (!done) {
      setImmediate(beat);
    }
  };
  await new Promise<void>((resolve) => setImmediate(resolve));
  last = performance.now();
  setImmediate(beat);
  try {
    await work();
  } finally {
    done = true;
    longest = Math.max(longest, performance.now() - last);
  }
  return longest;
}
