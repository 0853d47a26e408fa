import { setTimeout as delay } from "node:timers/promises";

/** Looks every 10 ms until `reached` says so; rejects after 40 s, which a busy machine may need. For what gives no event. */
export async function until(reached: () => boolean | Promise<boolean>, what = "it"): Promise<void> {
  for (const end = Date.now() + 40_000; !(await reached()); await delay(10)) {
    if (Date.now() > end) {
      throw new Error(`${what} never came about`);
    }
  }
}
