import type { Clock } from "./clock.ts";
import { type Disposable, toDisposable } from "./disposable.ts";

/**
 * Counts the users of a resource, and reports when it has had none for the linger time. In milliseconds; a linger of
 * 0 expires at once, `Number.POSITIVE_INFINITY` never.
 */
export class LeaseCounter implements Disposable {
  readonly #clock: Clock;
  readonly #onChange: () => void;
  readonly #onExpired: () => void;
  #linger: number;
  #count = 0;
  #idleSince: number | undefined;
  #idleSinceMonotonic = 0;
  #timer: Disposable | undefined;
  #disposed = false;

  /**
   * @param onChange the count left or reached zero, or the end of the linger moved.
   * @param onExpired the linger is over; called at most once, and never while leased.
   */
  constructor(clock: Clock, linger: number, onChange: () => void, onExpired: () => void) {
    this.#clock = clock;
    this.#linger = linger;
    this.#onChange = onChange;
    this.#onExpired = onExpired;
  }

  get count(): number {
    return this.#count;
  }

  /** Wall-clock milliseconds at which the linger ends; undefined while leased, never leased, or endless. */
  get lingerUntil(): number | undefined {
    return this.#idleSince === undefined || this.#linger === Number.POSITIVE_INFINITY
      ? undefined
      : this.#idleSince + this.#linger;
  }

  /** Takes a lease. Disposing it (once; later calls do nothing) gives it back. */
  acquire(): Disposable {
    this.#count++;
    if (this.#count === 1) {
      this.#idleSince = undefined;
      this.#stop();
      this.#onChange();
    }
    return toDisposable(() => {
      this.#count--;
      if (this.#count === 0 && !this.#disposed) {
        this.#idleSince = this.#clock.now();
        this.#idleSinceMonotonic = this.#clock.monotonic();
        this.#arm();
        this.#onChange();
      }
    });
  }

  /** Changes the linger. A running linger still counts from its own start. */
  setLinger(linger: number): void {
    if (linger === this.#linger) {
      return;
    }
    this.#linger = linger;
    if (this.#idleSince !== undefined && !this.#disposed) {
      this.#arm();
      this.#onChange();
    }
  }

  dispose(): void {
    this.#disposed = true;
    this.#stop();
  }

  #arm(): void {
    this.#stop();
    if (this.#linger === Number.POSITIVE_INFINITY) {
      return;
    }
    const left = this.#idleSinceMonotonic + this.#linger - this.#clock.monotonic();
    this.#timer = this.#clock.setTimeout(
      () => {
        this.#disposed = true;
        this.#onExpired();
      },
      Math.max(0, left),
    );
  }

  #stop(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
  }
}
