import { setTimeout as delay } from "node:timers/promises";

/** Generous on purpose: it decides when a failure ends, never whether a test passes on a slow machine. */
export const patience = 30_000;

/**
 * Calls `look` repeatedly until it returns something other than undefined or false, and returns that. For changes
 * without an event, such as text on a screen.
 * @param describe called at the timeout: the observed state
 */
export async function waitUntil<T>(
  look: () => Promise<T | undefined | false> | T | undefined | false,
  describe: () => Promise<string> | string,
): Promise<T> {
  const end = performance.now() + patience;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) {
      return found;
    }
    if (performance.now() > end) {
      throw new Error(`Timeout after ${patience / 1000} s: ${await describe()}`);
    }
    await delay(50);
  }
}
