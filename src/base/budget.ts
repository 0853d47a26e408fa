import { performance } from "node:perf_hooks";

/** A stock that is used up and fills again with time: what a peer may repeat, but not without end. */
export class Budget {
  readonly #most: number;
  readonly #perSecond: number;
  readonly #now: () => number;
  #left: number;
  #at: number;

  /** @param now milliseconds of a clock that never goes back. */
  constructor(most: number, perSecond = 0, now: () => number = () => performance.now()) {
    this.#most = most;
    this.#perSecond = perSecond;
    this.#now = now;
    this.#left = most;
    this.#at = perSecond > 0 ? now() : 0;
  }

  /** Takes `amount` where that much is left; false and untouched otherwise. */
  take(amount = 1): boolean {
    if (amount > this.#left && this.#perSecond > 0) {
      const now = this.#now();
      this.#left = Math.min(this.#most, this.#left + ((now - this.#at) / 1_000) * this.#perSecond);
      this.#at = now;
    }
    if (amount > this.#left) {
      return false;
    }
    this.#left -= amount;
    return true;
  }

  /** Puts something back, at most up to the full stock. */
  give(amount: number): void {
    this.#left = Math.min(this.#most, this.#left + amount);
  }
}
