/**
 * Marks are DECRQM queries for private modes that nobody has: `CSI ? 7NNNNNN $ p`, which a terminal answers with
 * `CSI ? 7NNNNNN ; 0 $ y` as soon as it has parsed up to there. The number comes back, so an answer says how far the
 * terminal is, and is never taken for an answer to a query of the remote program. No private mode in use is near
 * (the highest are 9001, 737769).
 */
const firstNumber = 7_000_000;

/** Numbers wrap here: far more than can be outstanding. */
export const markCount = 1_000_000;

/** @param index 0 to markCount - 1 */
export function markQuery(index: number): string {
  return `\u001b[?${firstNumber + index}$p`;
}

const reply = /\u001b\[\?7(\d{6});\d\$y/g;
/** A beginning of a reply at the end of a chunk. */
const partialReply = /\u001b(?:\[(?:\?(?:7\d{0,6}(?:(?<=7\d{6});(?:\d\$?)?)?)?)?)?$/;

/** Takes the answers to marks out of what comes from the terminal, and leaves everything else intact and in order. */
export class ReplyFilter {
  #held = "";

  /** Beginning of what may be a reply; `flush` gives it back when nothing follows. */
  get holding(): boolean {
    return this.#held.length > 0;
  }

  /**
   * @param expectMore whether answers are outstanding: only then may the end of `data` be held back as the beginning of
   * one (a lone ESC is also a key).
   */
  filter(
    data: string,
    expectMore: boolean,
  ): { readonly text: string; readonly acknowledged: readonly number[] } {
    const whole = this.#held + data;
    this.#held = "";
    if (!whole.includes("\u001b")) {
      return { text: whole, acknowledged: [] };
    }
    const acknowledged: number[] = [];
    let text = whole.replace(reply, (_match, index: string) => {
      acknowledged.push(Number(index));
      return "";
    });
    if (expectMore) {
      const at = text.search(partialReply);
      if (at >= 0) {
        this.#held = text.slice(at);
        text = text.slice(0, at);
      }
    }
    return { text, acknowledged };
  }

  flush(): string {
    const held = this.#held;
    this.#held = "";
    return held;
  }
}
