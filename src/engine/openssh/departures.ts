import type { Clock } from "../../base/clock.ts";
import { Deadline, raceSignal } from "../../base/deadline.ts";
import { CancelledError } from "../../base/errors.ts";

/** VS Code ends the extension host 5 seconds after it has asked the extensions to deactivate. Milliseconds. */
const patience = 4_000;

/** Clients of this window that leave a master which others use, and must not be cut off before: see Departure. */
export class Departures {
  readonly #open = new Set<Promise<void>>();

  /** @param left never rejects */
  add(left: Promise<void>): void {
    this.#open.add(left);
    void left.then(() => this.#open.delete(left));
  }

  /** Resolves when all have left, or when the process has to end. */
  async done(clock: Clock): Promise<void> {
    const limit = new Deadline(clock, patience, () => new CancelledError());
    try {
      while (this.#open.size > 0) {
        await raceSignal(Promise.all(this.#open), limit.signal);
      }
    } catch {
      // The server does not answer.
    } finally {
      limit.dispose();
    }
  }
}
