import { attackCases } from "../attack/support/attackCases.ts";
import { longestBlock } from "../attack/support/longestBlock.ts";
import { wireCases } from "../attack/support/wireCases.ts";
import type { BenchContext, Benchmark, Row } from "./benchmark.ts";

/** Milliseconds that no case may hold the event loop, which all extensions of a window share. */
const bound = 50;

/** What hostile input costs everybody else. Nothing compares. */
export const attackBenchmark: Benchmark = {
  name: "attack",
  about: "the longest block of the event loop while hostile input is handled (no peer)",
  async run(context: BenchContext): Promise<Row[]> {
    const rows: Row[] = [];
    for (const { name, run } of [...attackCases, ...wireCases]) {
      context.note(name);
      let least = Number.POSITIVE_INFINITY;
      // A burst of garbage collection is not the case's doing: the best of three runs counts.
      for (let round = 0; round < (context.runs ?? 3); round++) {
        least = Math.min(least, (await longestBlock(run)).block);
      }
      rows.push({
        name,
        unit: "ms",
        ours: least,
        peer: undefined,
        bar: { of: "ours", value: bound },
      });
    }
    return rows;
  },
};
