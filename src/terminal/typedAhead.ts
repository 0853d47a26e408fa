/** What may be kept until the session is open. UTF-16 code units. */
const mostTypedAhead = 64 * 1024;
const ESC = "\u001b";

/** Keys that are pressed while no session is open: sent when one opens, or dropped and counted. */
export class TypedAhead {
  #text = "";
  #dropped = 0;

  /** How many characters are not sent. */
  get dropped(): number {
    return this.#dropped;
  }

  /** @param keeps it is sent when the session opens. What was typed for a lost shell must not run in a fresh one. */
  add(text: string, keeps: boolean): void {
    if (text.startsWith(ESC)) {
      // It may be an answer to a program that is gone.
      return;
    }
    if (keeps && this.#text.length + text.length <= mostTypedAhead) {
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

  forgetDropped(): void {
    this.#dropped = 0;
  }
}
