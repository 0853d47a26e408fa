import { setTimeout as delay } from "node:timers/promises";

/**
 * Asks every 10 ms until `reached` is true. Rejects after `patience` milliseconds; a busy machine may need the usual 40 s.
 * For what gives no event.
 */
export async function until(
  reached: () => boolean | Promise<boolean>,
  what: string | (() => string) = "it",
  patience = 40_000,
): Promise<void> {
  for (const end = Date.now() + patience; !(await reached()); await delay(10)) {
    if (Date.now() > end) {
      throw new Error(`${typeof what === "string" ? what : what()} never came about`);
    }
  }
}
