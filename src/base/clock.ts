import { performance } from "node:perf_hooks";
import { type Disposable, toDisposable } from "./disposable.ts";
import { guarded } from "./guarded.ts";

/** Time as a dependency, so that every policy that waits can be tested without waiting. All values are milliseconds. */
export interface Clock {
  /** Wall clock, milliseconds since the epoch. For display; it may jump. */
  now(): number;
  /**
   * Never goes back; its origin is unspecified. For measuring. It may or may not advance while the machine sleeps.
   */
  monotonic(): number;
  /** Runs `callback` once after `delay` milliseconds. Disposing cancels. */
  setTimeout(callback: () => void, delay: number): Disposable;
}

/** The longest delay of Node's timers, in milliseconds. Node replaces longer ones with 1 ms. */
export const longestDelay = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout(callback, delay) {
    const run = guarded(callback);
    let handle: NodeJS.Timeout;
    const arm = (left: number): void => {
      const part = Math.min(left, longestDelay);
      handle = setTimeout(() => (left > part ? arm(left - part) : run()), part);
    };
    arm(Math.max(0, delay));
    return toDisposable(() => clearTimeout(handle));
  },
};

/** Resolves after `delay` milliseconds. */
export function pause(clock: Clock, delay: number): Promise<void> {
  return new Promise((resolve) => clock.setTimeout(resolve, delay));
}
