import { performance } from "node:perf_hooks";

/** The user notices work that runs longer than this without a pause: a keystroke would wait for it. */
const longestStretchMilliseconds = 12;

/**
 * Cuts a long computation into short stretches, so that the event loop runs in between. Check `isDue` often (it is
 * cheap), and await `pause` when it returns true.
 */
export class Pacer {
  #since = performance.now();
  #asked = 0;

  /** @param weight the amount of work since the last check; the clock is read once per 64. */
  isDue(weight = 1): boolean {
    this.#asked += weight;
    if (this.#asked < 64) {
      return false;
    }
    this.#asked = 0;
    return performance.now() - this.#since > longestStretchMilliseconds;
  }

  /** Lets all other waiting work run. */
  async pause(): Promise<void> {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    this.#since = performance.now();
  }
}
