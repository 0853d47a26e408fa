/** One measured thing, ours beside the peer's, in one run. Times are medians. */
export interface Row {
  readonly name: string;
  readonly unit: "ms" | "s" | "KB" | "MB" | "MB/s" | "ratio" | "count";
  readonly ours: number;
  /** Undefined where nothing compares. */
  readonly peer: number | undefined;
  /** What the project wants of itself; shown, not written to the file. */
  readonly bar?: Bar;
}

/** At most so much: of the peer, or outright. `least` turns it round, for rates. */
export interface Bar {
  readonly of: "ratio" | "ours";
  readonly value: number;
  readonly least?: boolean;
}

export interface BenchContext {
  /** How often to measure each, after the warm-up; undefined: what the benchmark finds sensible. */
  readonly runs: number | undefined;
  /** For benchmarks that run for a time. Undefined: their usual one. */
  readonly minutes: number | undefined;
  /** For benchmarks that choose at random. Undefined: a new one, which they print. */
  readonly seed: number | undefined;
  /** Says what goes on, on standard error. */
  note(text: string): void;
}

export interface Benchmark {
  readonly name: string;
  /** What is measured against what, in a line. */
  readonly about: string;
  /** It takes too long to run when no name is given. */
  readonly onlyByName?: boolean;
  run(context: BenchContext): Promise<readonly Row[]>;
}

/** Ours / peer. Below 1 is better for times and sizes, above 1 for rates. */
export function ratioOf(row: Row): number | undefined {
  return row.peer === undefined || row.peer === 0 ? undefined : row.ours / row.peer;
}

/** Undefined where there is no bar, or nothing to hold against it. */
export function barIsMet(row: Row): boolean | undefined {
  const value = row.bar?.of === "ours" ? row.ours : ratioOf(row);
  if (row.bar === undefined || value === undefined) {
    return undefined;
  }
  return row.bar.least === true ? value >= row.bar.value : value <= row.bar.value;
}
