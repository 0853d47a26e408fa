import { raceSignal } from "../../base/deadline.ts";
import { CancelledError } from "../../base/errors.ts";

/**
 * Shows one question at a time: VS Code has only one quick input, and a second one would dismiss the first, which
 * would count as a refusal. In the queue of logins, a question must be a modal dialog or a quick input: a notification
 * hides itself and may never be answered.
 */
export class PromptQueue {
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Runs `ask` when the earlier questions are answered. Resolves to undefined, without asking, if `signal` aborts
   * first.
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
