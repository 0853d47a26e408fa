import type { Clock } from "../../src/base/clock.ts";
import { type Disposable, toDisposable } from "../../src/base/disposable.ts";

/** A clock that moves only on request. Timers due in one `advance` run in the order of their times. */
export class ManualClock implements Clock {
  #time = 0;
  readonly #epoch: number;
  readonly #timers = new Set<{ at: number; callback: () => void }>();

  constructor(epoch = 1_700_000_000_000) {
    this.#epoch = epoch;
  }

  /** The number of pending timers: 0 proves that none was left behind. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#epoch + this.#time;
  }

  monotonic(): number {
    return this.#time;
  }

  setTimeout(callback: () => void, delay: number): Disposable {
    const timer = { at: this.#time + Math.max(0, delay), callback };
    this.#timers.add(timer);
    return toDisposable(() => this.#timers.delete(timer));
  }

  /** Advances time, running due timers and letting promises settle between them. */
  async advance(milliseconds: number): Promise<void> {
    const target = this.#time + milliseconds;
    await settle();
    for (;;) {
      const due = [...this.#timers].filter((timer) => timer.at <= target).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) {
        break;
      }
      this.#timers.delete(due);
      this.#time = Math.max(this.#time, due.at);
      due.callback();
      await settle();
    }
    this.#time = target;
    await settle();
  }

  /** Time passes without any timer firing, as when the machine sleeps. The next `advance` runs overdue timers. */
  sleep(milliseconds: number): void {
    this.#time += milliseconds;
  }
}

/** Lets all pending microtasks and immediates run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
