import { isReport } from "./typing.ts";

/** The limit of what is kept until the session is open. UTF-16 code units. */
const mostTypedAhead = 64 * 1024;
/** Keys that are pressed while no session is open: they are sent when one opens, or dropped and counted. */
export class TypedAhead {
  #text = "";
  #dropped = 0;
  #isReopened = false;

  /** The user opens a session again. The key may be the first of a line that was meant for the ended one. */
  reopens(): void {
    this.#isReopened = true;
  }

  /**
   * Text is sent when the tab's first session opens. Text typed for a lost shell must not run in a new one, and
   * whether a shell in tmux or screen has survived (the server may have restarted) is not known before it opens.
   */
  add(text: string, isFirst: boolean): void {
    if (isReport(text)) {
      // It may be a reply to a program that has ended.
      return;
    }
    // Cursor keys are kept, too: without them the line would be another command.
    if (isFirst && !this.#isReopened && this.#text.length + text.length <= mostTypedAhead) {
      this.#text += text;
    } else {
      this.#dropped += text.length;
    }
  }

  /** Returned to the session that has opened. */
  take(): string {
    const text = this.#text;
    this.#text = "";
    return text;
  }

  /** It was typed for an attempt that failed. The next one may succeed while the user is not watching. */
  drop(): void {
    this.#dropped += this.take().length;
  }

  /** The number of characters that are not sent; resets the count. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }
}
