import { raceSignal } from "../../base/deadline.ts";
import { CancelledError } from "../../base/errors.ts";

/**
 * One question at a time: VS Code has one quick input, and a second one would dismiss the first, which would count as the
 * person's "no".
 */
export class PromptQueue {
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Runs `ask` when the questions before it are answered. Resolves to undefined, without asking, when `signal` aborts
   * first: whoever asked no longer wants to know.
   */
  async ask<T>(ask: () => Promise<T | undefined>, signal: AbortSignal): Promise<T | undefined> {
    const before = this.#last;
    const turn = (async () => {
      await before.catch(() => {});
      return signal.aborted ? undefined : ask();
    })();
    this.#last = turn;
    try {
      return await raceSignal(turn, signal);
    } catch (error) {
      if (signal.aborted || CancelledError.is(error)) {
        return undefined;
      }
      throw error;
    }
  }
}
