import type { Clock } from "../../base/clock.ts";

/**
 * The longest double click of the desktops that VS Code supports (Windows: 500 ms by default, 900 at most).
 * Milliseconds.
 */
const doubleClick = 500;

/** VS Code runs a row's command for each click of a double click. The second click on the same row is ignored. */
export class RowClicks {
  readonly #clock: Clock;
  #row: unknown;
  #at = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns false for the second click of a double click. */
  accept(row: unknown): boolean {
    const now = this.#clock.monotonic();
    if (row === this.#row && now - this.#at < doubleClick) {
      return false;
    }
    this.#row = row;
    this.#at = now;
    return true;
  }
}
