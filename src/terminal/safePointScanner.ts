import { type EscapeState, escapeState, nextState } from "./escapeStates.ts";
import { type Standing, standing, standingOf, standingOfPair } from "./joining.ts";
import { isHighSurrogate } from "./surrogates.ts";

export type SequenceKind = "escape" | "csi" | "osc" | "dcs" | "apc";

/** Receives what a scanner finds besides text. Called during `scan`, in order. */
export interface SequenceListener {
  /**
   * A complete sequence that a terminal executes, including its introducer (7 or 8 bit): CSI and ESC with the final
   * character and without embedded controls, strings with a BEL if that ended them, without ST. `cut`: the string was
   * longer than the limit, and `raw` has its start.
   */
  onSequence(kind: SequenceKind, raw: string, cut: boolean): void;
  /** SO (0x0e) or SI (0x0f) in the text. */
  onShift(code: number): void;
}

/** Longer sequences are tracked, but only this much of their start is kept. */
const longestKept = 64 * 1024;
const longestBeginning = 256;

const LF = 0x0a;
const CR = 0x0d;

/**
 * Tracks a stream of decoded output through the terminal's parser states, to find where a query can be inserted
 * without changing the screen: right after LF or CR in ground state, or between two characters in ground state that
 * do not join (two printable ASCII characters, for example). Anywhere else it would print garbage (inside a sequence)
 * or separate what belongs together (before a combining mark, ZWJ or REP).
 */
export class SafePointScanner {
  readonly #listener: SequenceListener | undefined;
  #state: EscapeState = escapeState.ground;
  /** The last character in ground state. */
  #previous: Standing = standing.joins;
  /**
   * DECAWM is off. A wide character without room at the margin then leaves xterm.js' cursor inside another one, which
   * the start of the next run of text erases: a mark must not start a run there.
   */
  #noWrap = false;
  #column0 = true;
  #freshLine = true;
  /** The start of a sequence that earlier chunks left incomplete. */
  #held = "";
  #cut = false;
  /** The sequence contains controls. */
  #mixed = false;
  #lineStart = -1;

  constructor(listener?: SequenceListener) {
    this.#listener = listener;
  }

  /** Not inside a sequence. */
  get inGround(): boolean {
    return this.#state === escapeState.ground;
  }

  /**
   * The last position in the last chunk where a line ended (after LF or CR in ground state): a safe point; -1: none.
   */
  get lineStart(): number {
    return this.#lineStart;
  }

  /** The received part of an incomplete sequence (its start, if it is long); "" in ground state. */
  get unfinished(): string {
    return this.#held;
  }

  /** The cursor is certainly at the start of an empty line. */
  get atFreshLine(): boolean {
    return this.#freshLine && this.inGround;
  }

  /** A line of our own that ended with CR LF was written outside the stream. */
  noteFreshLine(): void {
    this.#previous = standing.joins;
    this.#column0 = true;
    this.#freshLine = true;
  }

  /** The next text follows a safe point: after CR LF, or anywhere else. */
  restart(endsLine: boolean): void {
    this.#state = escapeState.ground;
    this.#previous = standing.joins;
    this.#column0 = endsLine;
    this.#freshLine = endsLine;
    this.#drop();
  }

  /**
   * Takes the next chunk (never cut inside a surrogate pair).
   * @returns the last safe point in it: an index from 0 to its length, or -1.
   */
  scan(text: string): number {
    const end = text.length;
    let state = this.#state;
    let previous = this.#previous;
    let safe = -1;
    let lineStart = -1;
    let at = 0;
    let start = 0;
    while (at < end) {
      const code = text.charCodeAt(at);
      if (state !== escapeState.ground) {
        const next = nextState(state, code);
        // ESC and C1 start a new sequence in every state, also in their own.
        if (next === escapeState.ground || code === 0x1b || (code >= 0x80 && code < 0xa0)) {
          this.#finish(state, code, text, start, at);
          start = at;
        } else if (code < 0x20 || code === 0x7f) {
          this.#mixed = true;
          if ((code === 0x0e || code === 0x0f) && carriesOutControls(state)) {
            this.#listener?.onShift(code);
          }
        }
        state = next;
        at++;
        continue;
      }
      if (code >= 0x20 && code < 0x7f) {
        const from = at;
        do {
          at++;
        } while (at < end && isPrintableAscii(text.charCodeAt(at)));
        if (at - from > 1) {
          safe = at - 1;
        } else if (this.#mayPart(previous, standing.aloneNarrow)) {
          safe = from;
        }
        previous = standing.aloneNarrow;
        this.#column0 = false;
        this.#freshLine = false;
        continue;
      }
      if (code >= 0xa0) {
        const low = isHighSurrogate(code) && at + 1 < end ? text.charCodeAt(at + 1) : 0;
        const now = low === 0 ? standingOf(code) : standingOfPair(code, low);
        if (this.#mayPart(previous, now)) {
          safe = at;
        }
        previous = now;
        this.#column0 = false;
        this.#freshLine = false;
        at += low === 0 ? 1 : 2;
        continue;
      }
      previous = standing.joins;
      at++;
      if (code === LF) {
        this.#freshLine = this.#column0;
        safe = at;
        lineStart = at;
      } else if (code === CR) {
        this.#column0 = true;
        safe = at;
        lineStart = at;
      } else if (code === 0x0e || code === 0x0f) {
        this.#listener?.onShift(code);
      } else {
        state = nextState(state, code);
        start = at - 1;
        if (state === escapeState.ground && code !== 0x00 && code !== 0x07) {
          this.#column0 = false;
          this.#freshLine = false;
        }
      }
    }
    this.#state = state;
    this.#previous = previous;
    this.#lineStart = lineStart;
    if (state !== escapeState.ground) {
      this.#hold(text, start);
    }
    return safe;
  }

  /** A sequence ends with the character at `at`, or a new one starts there. */
  #finish(state: EscapeState, code: number, text: string, start: number, at: number): void {
    const kind = carriedOut(state, code);
    if (kind !== undefined) {
      const final = code === 0x1b || code === 0x9c ? at : at + 1;
      const whole = this.#held + (this.#cut ? "" : text.slice(start, final));
      const raw = this.#mixed && (kind === "csi" || kind === "escape") ? withoutControls(whole) : whole;
      this.#listener?.onSequence(kind, raw, this.#cut || raw.length > longestKept);
      if (kind === "csi" && (code === 0x68 || code === 0x6c) && /\?(?:.*;)?7(?!\d)/s.test(raw)) {
        this.#noWrap = code === 0x6c;
      }
      // SGR moves nothing; the effect of other control functions on the cursor is not tracked.
      if ((kind === "csi" && code !== 0x6d) || (kind === "escape" && code !== 0x5c)) {
        this.#column0 = false;
        this.#freshLine = false;
      }
    }
    this.#drop();
  }

  /** Whether a sequence between two characters changes nothing. */
  #mayPart(before: Standing, after: Standing): boolean {
    return (
      before !== standing.joins &&
      after !== standing.joins &&
      !(this.#noWrap && before === standing.aloneWide)
    );
  }

  #hold(text: string, start: number): void {
    if (this.#cut) {
      return;
    }
    this.#held += text.slice(start);
    if (this.#held.length > longestKept) {
      const half = isHighSurrogate(this.#held.charCodeAt(longestBeginning - 1)) ? 1 : 0;
      this.#held = this.#held.slice(0, longestBeginning - half);
      this.#cut = true;
    }
  }

  #drop(): void {
    this.#held = "";
    this.#cut = false;
    this.#mixed = false;
  }
}

/** Controls inside a sequence are executed at once, and are not part of it. */
function withoutControls(raw: string): string {
  return raw.charAt(0) + raw.slice(1).replace(/[\u0000-\u001f\u007f]/g, "");
}

function isPrintableAscii(code: number): boolean {
  return code >= 0x20 && code < 0x7f;
}

/** Whether controls inside a sequence are executed: not in strings. */
function carriesOutControls(state: EscapeState): boolean {
  return state <= escapeState.csiIgnore;
}

/**
 * The kind of sequence that a character completes in a state; undefined when it aborts the sequence or nothing is
 * executed.
 */
function carriedOut(state: EscapeState, code: number): SequenceKind | undefined {
  switch (state) {
    case escapeState.escape:
    case escapeState.escapeIntermediate:
      return code >= 0x30 && code <= 0x7e ? "escape" : undefined;
    case escapeState.csiEntry:
    case escapeState.csiParameter:
    case escapeState.csiIntermediate:
      return code >= 0x40 && code <= 0x7e ? "csi" : undefined;
    case escapeState.oscString:
      return code === 0x07 || code === 0x1b || code === 0x9c ? "osc" : undefined;
    case escapeState.dcsString:
      return code === 0x1b || code === 0x9c ? "dcs" : undefined;
    case escapeState.apcString:
      return code === 0x1b || code === 0x9c ? "apc" : undefined;
    case escapeState.ground:
    case escapeState.csiIgnore:
    case escapeState.dcsEntry:
    case escapeState.dcsParameter:
    case escapeState.dcsIntermediate:
    case escapeState.dcsIgnore:
    case escapeState.privateString:
      return undefined;
  }
}
