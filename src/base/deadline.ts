import type { Clock } from "./clock.ts";
import type { Disposable } from "./disposable.ts";
import { CancelledError } from "./errors.ts";

/**
 * A time budget that aborts an `AbortSignal` when it is used up, or when the parent signal aborts. Pausing stops the
 * clock: the user's time at a prompt does not count against the server.
 */
export class Deadline implements Disposable {
  readonly #controller = new AbortController();
  readonly #clock: Clock;
  readonly #onExpired: () => unknown;
  readonly #parent: AbortSignal | undefined;
  readonly #onParentAbort = (): void => this.#abort(this.#parent?.reason ?? new CancelledError());
  #timer: Disposable | undefined;
  #left: number;
  #armedAt = 0;
  #pauses = 0;

  /**
   * @param milliseconds the budget; `Number.POSITIVE_INFINITY` never expires.
   * @param onExpired makes the abort reason when the budget is used up.
   */
  constructor(clock: Clock, milliseconds: number, onExpired: () => unknown, parent?: AbortSignal) {
    this.#clock = clock;
    this.#left = milliseconds;
    this.#onExpired = onExpired;
    this.#parent = parent;
    if (parent?.aborted) {
      this.#abort(parent.reason);
    } else {
      parent?.addEventListener("abort", this.#onParentAbort, { once: true });
      this.#arm();
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Stops the clock while `work` runs. Nested and concurrent pauses count. */
  async paused<T>(work: () => Promise<T>): Promise<T> {
    if (this.#pauses++ === 0 && this.#timer !== undefined) {
      this.#left -= this.#clock.monotonic() - this.#armedAt;
      this.#timer.dispose();
      this.#timer = undefined;
    }
    try {
      return await work();
    } finally {
      if (--this.#pauses === 0 && !this.signal.aborted) {
        this.#arm();
      }
    }
  }

  /** Removes the limit: from now on the signal only follows its parent. */
  lift(): void {
    this.#left = Number.POSITIVE_INFINITY;
    this.#timer?.dispose();
    this.#timer = undefined;
  }

  /** Stops the clock for good; the signal keeps its state. */
  dispose(): void {
    this.#pauses = Number.POSITIVE_INFINITY;
    this.#timer?.dispose();
    this.#timer = undefined;
    this.#parent?.removeEventListener("abort", this.#onParentAbort);
  }

  #arm(): void {
    if (this.#left === Number.POSITIVE_INFINITY) {
      return;
    }
    this.#armedAt = this.#clock.monotonic();
    this.#timer = this.#clock.setTimeout(() => this.#abort(this.#onExpired()), Math.max(0, this.#left));
  }

  #abort(reason: unknown): void {
    this.dispose();
    this.#controller.abort(reason);
  }
}

/**
 * Settles as `promise` does, or rejects with the signal's reason, whichever comes first. A later rejection of the
 * promise is ignored.
 */
export function raceSignal<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) {
      promise.catch(() => {});
      onAbort();
      return;
    }
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
