import { setTimeout as delay } from "node:timers/promises";

/**
 * Checks every 10 ms until `reached` returns true. Rejects after `patience` milliseconds; a busy machine may need the
 * default of 40 s. For changes without an event.
 */
export async function until(
  reached: () => boolean | Promise<boolean>,
  what: string | (() => string) = "it",
  patience = 40_000,
): Promise<void> {
  for (const end = Date.now() + patience; !(await reached()); await delay(10)) {
    if (Date.now() > end) {
      throw new Error(`${typeof what === "string" ? what : what()} did not happen in time`);
    }
  }
}
