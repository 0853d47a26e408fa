import { performance } from "node:perf_hooks";

/** A limited stock that refills with time. It bounds what a peer may repeat. */
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

  /** Takes `amount` if that much is left; otherwise returns false and takes nothing. */
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
