/** In milliseconds. */
export interface BackoffLimits {
  readonly first: number;
  /** The longest delay until `soonFor` milliseconds have been waited in all, and after that. */
  readonly soon: number;
  readonly soonFor: number;
  readonly longest: number;
  /** A connection that lasted this long starts a new series of delays when it is lost. */
  readonly stable: number;
}

/**
 * Most outages last for seconds or a few minutes, and nothing reports their end: then a connection is back within ten
 * seconds, at the cost of one attempt in that time. A host that stays away is tried once a minute.
 */
export const defaultBackoff: BackoffLimits = {
  ...{ first: 1000, soon: 10_000, soonFor: 600_000, longest: 60_000 },
  stable: 30_000,
};

/** Delays that double, each reduced by up to half at random, so that many holders do not connect at the same time. */
export class Backoff {
  readonly #random: () => number;
  readonly #limits: BackoffLimits;
  #failures = 0;
  #waited = 0;

  /** @param random 0 <= x < 1 */
  constructor(random: () => number, limits: BackoffLimits = defaultBackoff) {
    this.#random = random;
    this.#limits = limits;
  }

  /** The delay before the next attempt. */
  next(): number {
    const { first, soon, soonFor, longest } = this.#limits;
    const most = this.#waited < soonFor ? soon : longest;
    const full = Math.min(most, first * 2 ** Math.min(this.#failures, 30));
    this.#failures++;
    this.#waited += full;
    return Math.round(full * (1 - this.#random() / 2));
  }

  /** Reports the loss of a connection that had lasted for `duration`. */
  noteLost(duration: number): void {
    if (duration >= this.#limits.stable) {
      this.reset();
    }
  }

  /** Conditions may have changed: the next delay is the shortest. */
  reset(): void {
    this.#failures = 0;
    this.#waited = 0;
  }
}
