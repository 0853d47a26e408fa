/**
 * All amounts are UTF-16 code units of decoded output; times are milliseconds. The defaults are measured: a mark
 * costs a message in each direction, 40 ms of backlog cost little throughput and keep Ctrl+C quick.
 */
export interface FlowLimits {
  /** At most one mark per this much output: interactive work carries none. */
  readonly step: number;
  readonly window: number;
  readonly smallestWindow: number;
  readonly largestWindow: number;
  /** How far the terminal may be behind. */
  readonly targetRoundTrip: number;
  /** Slower answers mean a throttled renderer (timers at 1 s), which answers a window at a time. */
  readonly throttledRoundTrip: number;
  readonly throttledWindow: number;
  /** Without an answer for this long, one more window is let through. */
  readonly patience: number;
  /** Never more than this unanswered, or without a place for a mark. */
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
