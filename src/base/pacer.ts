import { performance } from "node:perf_hooks";

/** Work that takes longer than this without a pause is felt: a key stroke would wait for it. */
const longestStretchMilliseconds = 12;

/**
 * Cuts a long computation into short stretches, so that the event loop goes on in between. Ask `isDue` often (it is
 * cheap), and await `pause` when it says so.
 */
export class Pacer {
  #since = performance.now();
  #asked = 0;

  /** @param weight how much was done since the last question; the clock is read once per 64. */
  isDue(weight = 1): boolean {
    this.#asked += weight;
    if (this.#asked < 64) {
      return false;
    }
    this.#asked = 0;
    return performance.now() - this.#since > longestStretchMilliseconds;
  }

  /** Lets everything else run that waits. */
  async pause(): Promise<void> {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    this.#since = performance.now();
  }
}
