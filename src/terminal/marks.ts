import { randomInt } from "node:crypto";

/**
 * Marks are DECRQM queries for unassigned private modes: `CSI ? NNNNNNNNNN $ p`. A terminal replies `CSI ? NNNNNNNNNN
 * ; 0 $ y` when it has parsed up to there. The reply contains the number, so it shows how far the terminal is, and
 * can't be confused with a reply to a query of the remote program. No private mode in use is near (the highest are
 * 9001, 737769). A remote program can send such queries, too: the numbers are random, so that it can't forge the
 * reply to a mark.
 */
const firstNumber = 1_000_000_000;

/** Terminals accept numbers up to 2^31 - 1; so all have ten digits. */
const markCount = 2 ** 31 - firstNumber;

/** 0 to markCount - 1, not predictable. */
export function randomMark(): number {
  return randomInt(markCount);
}

/** @param mark see randomMark */
export function markQuery(mark: number): string {
  return `\u001b[?${firstNumber + mark}$p`;
}

const reply = /\u001b\[\?([12]\d{9});\d\$y/g;
/** The start of a reply at the end of a chunk. */
const partialReply = /\u001b(?:\[(?:\?(?:[12]\d{0,9}(?:(?<=[12]\d{9});(?:\d\$?)?)?)?)?)?$/;

/**
 * Removes the replies to mark queries from the terminal's input, and leaves everything else unchanged and in order.
 * It does not know which marks are pending: late and forged replies are removed, too.
 */
export class ReplyFilter {
  #held = "";

  /** The start of a possible reply; `flush` returns it when nothing follows. */
  get holding(): boolean {
    return this.#held.length > 0;
  }

  /**
   * @param expectMore whether replies are pending: only then may the end of `data` be held back as the start of one
   *   (a lone ESC is also a key).
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
    let text = whole.replace(reply, (_match, number: string) => {
      acknowledged.push(Number(number) - firstNumber);
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
