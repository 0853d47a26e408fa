import { isReport } from "./typing.ts";

/** What may be kept until the session is open. UTF-16 code units. */
const mostTypedAhead = 64 * 1024;
/** Keys that are pressed while no session is open: sent when one opens, or dropped and counted. */
export class TypedAhead {
  #text = "";
  #dropped = 0;
  #isReopened = false;

  /** A person opens a session anew. The key may be the first of a line that was meant for the one that is over. */
  reopens(): void {
    this.#isReopened = true;
  }

  /**
   * It is sent when the session opens where that is the first one. What was typed for a lost shell must not run in a
   * fresh one; and whether a shell in tmux or screen has outlived the loss, as of a server that was started anew, is not
   * known before it is there.
   */
  add(text: string, isFirst: boolean): void {
    if (isReport(text)) {
      // It may be an answer to a program that is gone.
      return;
    }
    // Keys that move the cursor are kept, too: without them the line would be another command.
    if (isFirst && !this.#isReopened && this.#text.length + text.length <= mostTypedAhead) {
      this.#text += text;
    } else {
      this.#dropped += text.length;
    }
  }

  /** For the session that has opened. */
  take(): string {
    const text = this.#text;
    this.#text = "";
    return text;
  }

  /** It was typed for an attempt that failed. The next one may succeed when nobody is looking. */
  drop(): void {
    this.#dropped += this.take().length;
  }

  /** How many characters are not sent; from now on they are counted anew. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }
}
