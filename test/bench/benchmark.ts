/** One measured value, ours beside the peer's, in one run. Times are medians. */
export interface Row {
  readonly name: string;
  readonly unit: "ms" | "s" | "KB" | "MB" | "MB/s" | "ratio" | "count";
  readonly ours: number;
  /** Undefined if there is no peer. */
  readonly peer: number | undefined;
  /** The project's own goal; shown, not written to the file. */
  readonly bar?: Bar;
}

/** The maximum: relative to the peer, or absolute. `least` inverts it, for rates. */
export interface Bar {
  readonly of: "ratio" | "ours";
  readonly value: number;
  readonly least?: boolean;
}

export interface BenchContext {
  /** How often to measure each, after the warm-up; undefined: the benchmark's default. */
  readonly runs: number | undefined;
  /** For benchmarks that run for a time. Undefined: their default. */
  readonly minutes: number | undefined;
  /** For benchmarks with random choices. Undefined: a new one, which they print. */
  readonly seed: number | undefined;
  /** With the sizes that people have, where the usual ones are smaller. */
  readonly full: boolean;
  /** Prints progress to standard error. */
  note(text: string): void;
}

export interface Benchmark {
  readonly name: string;
  /** What is compared with what, in one line. */
  readonly about: string;
  /** It takes too long to run unless it is named. */
  readonly onlyByName?: boolean;
  run(context: BenchContext): Promise<readonly Row[]>;
}

/** Ours / peer. Below 1 is better for times and sizes, above 1 for rates. */
export function ratioOf(row: Row): number | undefined {
  return row.peer === undefined || row.peer === 0 ? undefined : row.ours / row.peer;
}

/** Undefined if there is no bar, or no value to compare with it. */
export function barIsMet(row: Row): boolean | undefined {
  const value = row.bar?.of === "ours" ? row.ours : ratioOf(row);
  if (row.bar === undefined || value === undefined) {
    return undefined;
  }
  return row.bar.least === true ? value >= row.bar.value : value <= row.bar.value;
}
