import { setTimeout as delay } from "node:timers/promises";

/** Generous on purpose: it decides how a failure ends, never whether a test passes on a slow machine. */
export const patience = 30_000;

/**
 * Looks again and again until `look` gives something else than undefined or false, and returns that.
 * Where nothing announces the change, such as text on a screen, this is the way to wait.
 * @param describe called at the end of patience: what was seen instead.
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
      throw new Error(`Waited ${patience / 1000} s in vain: ${await describe()}`);
    }
    await delay(50);
  }
}
