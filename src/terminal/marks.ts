import { randomInt } from "node:crypto";

/**
 * Marks are DECRQM queries for private modes that nobody has: `CSI ? NNNNNNNNNN $ p`, which a terminal answers with
 * `CSI ? NNNNNNNNNN ; 0 $ y` as soon as it has parsed up to there. The number comes back, so an answer says how far the
 * terminal is, and is never taken for an answer to a query of the remote program. No private mode in use is near
 * (the highest are 9001, 737769). A remote program can send such queries, too: the numbers are random, so that it cannot
 * have an answer taken for that to a mark.
 */
const firstNumber = 1_000_000_000;

/** Terminals take numbers up to 2^31 - 1; so all have ten digits. */
const markCount = 2 ** 31 - firstNumber;

/** 0 to markCount - 1, unguessable. */
export function randomMark(): number {
  return randomInt(markCount);
}

/** @param mark see randomMark */
export function markQuery(mark: number): string {
  return `\u001b[?${firstNumber + mark}$p`;
}

const reply = /\u001b\[\?([12]\d{9});\d\$y/g;
/** A beginning of a reply at the end of a chunk. */
const partialReply = /\u001b(?:\[(?:\?(?:[12]\d{0,9}(?:(?<=[12]\d{9});(?:\d\$?)?)?)?)?)?$/;

/**
 * Takes the answers to queries with a mark's number out of what comes from the terminal, and leaves everything else
 * intact and in order. It does not know which marks are outstanding: also an answer that is late or forged is taken out.
 */
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
