import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposable.ts";

/** Runs `work` once, shortly after the first of many requests: a burst of events causes one refresh. */
export class Coalescer implements Disposable {
  readonly #clock: Clock;
  readonly #delay: number;
  readonly #work: () => void;
  #timer: Disposable | undefined;
  #disposed = false;

  /** @param delay milliseconds. */
  constructor(clock: Clock, delay: number, work: () => void) {
    this.#clock = clock;
    this.#delay = delay;
    this.#work = work;
  }

  request(): void {
    if (this.#timer !== undefined || this.#disposed) {
      return;
    }
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = undefined;
      this.#work();
    }, this.#delay);
  }

  /** Runs requested work at once. */
  flush(): void {
    if (this.#timer !== undefined) {
      this.#timer.dispose();
      this.#timer = undefined;
      this.#work();
    }
  }

  dispose(): void {
    this.#disposed = true;
    this.#timer?.dispose();
    this.#timer = undefined;
  }
}
