/**
 * Amounts are UTF-16 code units of decoded output; times are milliseconds. The defaults are measured: a mark costs a
 * message in each direction, and 40 ms of backlog cost little throughput and keep Ctrl+C fast.
 */
export interface FlowLimits {
  /** At most one mark per this much output: interactive work has none. */
  readonly step: number;
  readonly window: number;
  readonly smallestWindow: number;
  readonly largestWindow: number;
  /** How far the terminal may lag behind. */
  readonly targetRoundTrip: number;
  /** Slower replies mean a throttled renderer (timers at 1 s), which replies once per window. */
  readonly throttledRoundTrip: number;
  readonly throttledWindow: number;
  /** After this long without a reply, one more window is sent. */
  readonly patience: number;
  /** The maximum without a reply, or without a place for a mark. */
  readonly hardCap: number;
  /** See PacedOutput. */
  readonly portion: number;
  readonly reserve: number;
}

export const defaultFlowLimits: FlowLimits = {
  step: 32 * 1024,
  window: 256 * 1024,
  smallestWindow: 128 * 1024,
  largestWindow: 4 * 1024 * 1024,
  targetRoundTrip: 40,
  throttledRoundTrip: 700,
  throttledWindow: 2 * 1024 * 1024,
  patience: 5000,
  hardCap: 16 * 1024 * 1024,
  portion: 64 * 1024,
  reserve: 48 * 1024,
};
