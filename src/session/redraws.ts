import type { Clock } from "../base/clock.ts";

/** Milliseconds in which shells and programs draw their screen again for a new size. */
const redrawTime = 1000;

/** Tells the answer to a new size of the terminal from other output: for an idle limit it is no activity. */
export class Redraws {
  readonly #clock: Clock;
  /** Monotonic milliseconds. */
  #until = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The terminal has a new size. */
  begin(): void {
    this.#until = this.#clock.monotonic() + redrawTime;
  }

  /** Output that comes now answers a new size. */
  get isOn(): boolean {
    return this.#clock.monotonic() < this.#until;
  }
}
