import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { FramePacer } from "./framePacer.ts";

export interface PacedOutputInit {
  readonly clock: Clock;
  /** Passes text to the terminal. */
  write(text: string): void;
  /** Whether the terminal may hold frames back while it can't keep up. */
  mayPace(): boolean;
  /** Whether it can't keep up. */
  isBehind(): boolean;
  /** While frames are held back, the terminal gets this much at a time (UTF-16 code units) … */
  readonly portion: number;
  /** … or all that there is, when it has less than this. */
  readonly reserve: number;
}

/** Output up to a safe point, what follows it, and the position of the last mark before it. */
interface Part {
  readonly text: string;
  readonly behind: string;
  readonly marked: number;
}

/** While frames are held back, the terminal may draw after this long without output. Milliseconds. */
const stallTime = 40;
/** The same after an interrupt: the time that a shell needs from `^C` to its prompt, so that both are in one frame. */
const interruptedStallTime = 20;
/** When this much output has no safe point, the terminal may draw. UTF-16 code units. */
const longestTail = 4096;

/**
 * The last stage before the terminal. It passes text on directly or, while the terminal can't keep up, in portions,
 * between which it draws one frame each (see FramePacer). No held frame is lost: all written text is with the
 * terminal, and it may draw as soon as the output stalls.
 *
 * A portion ends at a safe point (see SafePointScanner), and at the start of a line if one is near: xterm.js lays out
 * the page again whenever a chunk leaves the cursor elsewhere. A message costs more than its text, so there are few
 * large ones.
 */
export class PacedOutput implements Disposable {
  readonly #init: PacedOutputInit;
  readonly #pacer = new FramePacer();
  /** The next output, up to a safe point … */
  #ready: Part[] = [];
  #readyLength = 0;
  /** … and the text after it. Both are empty while nothing is held back. */
  #tail = "";
  /** Positions of marks: the last one, the last written one, the last one with a reply. */
  #marked = 0;
  #handedOn = 0;
  #answered = 0;
  /** The written output ends with a line. */
  #endsLine = false;
  #paused = false;
  /** The user waits for the next output: keep nothing, and do not hold a frame back for long. */
  #urgent = false;
  /** The time of the last output, or of its last chance. */
  #wroteAt = 0;
  #answeredAt = 0;
  #timer: Disposable | undefined;

  constructor(init: PacedOutputInit) {
    this.#init = init;
  }

  /**
   * @param safe the last safe point in `piece`, as an index; -1: none.
   * @param mark what belongs there, and its position in the whole output.
   */
  write(piece: string, safe: number, mark?: { readonly query: string; readonly position: number }): void {
    const { clock, mayPace, isBehind } = this.#init;
    const pacer = this.#pacer;
    const now = clock.monotonic();
    this.#wroteAt = now;
    const paces = mayPace();
    if (!paces) {
      // The terminal has not yet received the start of a program's own drawing sequence in this piece.
      this.release();
    }
    // The start of the tail is also safe, because the text before it ended at a safe point.
    const from = safe < 0 ? 0 : this.#tail.length + safe;
    const text = this.#takeTail() + piece;
    const wasHolding = pacer.holding;
    let query = "";
    if (mark !== undefined) {
      this.#marked = mark.position;
      query = mark.query + pacer.atMark(mark.position, now, paces && isBehind());
    }
    if (this.#urgent && pacer.holding) {
      this.#flush(text.slice(0, from) + query + text.slice(from), text);
      this.#watch();
      return;
    }
    this.#urgent = false;
    if (!(pacer.holding || pacer.waiting) || text.length - from > longestTail) {
      this.#stopTimer();
      this.#flush(text.slice(0, from) + query + pacer.release(now) + text.slice(from), text);
      return;
    }
    this.#tail = text.slice(from);
    this.#keep(text.slice(0, from), query);
    if (wasHolding && pacer.waiting) {
      this.#stopTimer();
      this.#flush("");
    } else {
      this.#handOn();
    }
    this.#watch();
  }

  /** The terminal has replied to the mark at this position. */
  acknowledged(position: number): void {
    const { waitingTime } = this.#pacer;
    this.#answered = position;
    this.#answeredAt = this.#init.clock.monotonic();
    this.#pacer.acknowledged(position, this.#answeredAt);
    if (this.#pacer.waitingTime !== waitingTime) {
      this.#stopTimer();
    }
    this.#handOn();
    this.#watch();
  }

  /**
   * Takes back unwritten output, from a safe point on, without its marks. The next output is written at once, even
   * while a frame is held back.
   * @returns also the position of the last written mark, and whether it is at the end of a line; undefined when
   *   everything was written.
   */
  withdraw(): { readonly text: string; readonly marked: number; readonly endsLine: boolean } | undefined {
    const text = this.#ready.map((part) => part.text).join("") + this.#takeTail();
    this.#ready = [];
    this.#readyLength = 0;
    this.#marked = this.#handedOn;
    if (this.#pacer.holding) {
      this.#urgent = true;
      this.#wroteAt = this.#init.clock.monotonic();
      this.#stopTimer();
      this.#watch();
    }
    return text === "" ? undefined : { text, marked: this.#handedOn, endsLine: this.#endsLine };
  }

  /** Whether more output can only come after a reply. */
  setPaused(paused: boolean): void {
    this.#paused = paused;
    // The source gets the usual time between two chunks to continue.
    this.#wroteAt = this.#init.clock.monotonic();
    if (this.#pacer.holding) {
      this.#stopTimer();
      this.#watch();
    }
  }

  /** Not part of the output. Written after it, and at once. */
  writeBeside(text: string): void {
    if (this.#urgent && this.#pacer.holding) {
      this.#wroteAt = this.#init.clock.monotonic();
    } else {
      this.release();
    }
    this.#init.write(text);
  }

  /** Writes what was kept, and lets the terminal draw. */
  release(): void {
    this.#urgent = false;
    const end = this.#pacer.release(this.#init.clock.monotonic());
    const tail = this.#takeTail();
    this.#stopTimer();
    this.#flush(end + tail, tail);
  }

  dispose(): void {
    this.#stopTimer();
    this.#ready = [];
    this.#readyLength = 0;
    this.#tail = "";
  }

  #keep(text: string, behind: string): void {
    if (text !== "" || behind !== "") {
      this.#ready.push({ text, behind, marked: this.#marked });
      this.#readyLength += text.length;
    }
  }

  /** While frames are held: enough that the terminal does not run out, and not so much that it parses for long. */
  #handOn(): void {
    const { portion, reserve } = this.#init;
    for (;;) {
      const there = this.#handedOn - this.#answered;
      if (
        !this.#pacer.holding ||
        this.#ready.length === 0 ||
        there >= 2 * portion ||
        (there >= reserve && this.#readyLength < portion)
      ) {
        return;
      }
      let text = "";
      let length = 0;
      let taken = 0;
      for (; taken < this.#ready.length && length < portion; taken++) {
        const part = this.#ready[taken] as Part;
        text += part.text + part.behind;
        length += part.text.length;
        this.#noteLine(part.text);
        this.#handedOn = part.marked;
      }
      this.#ready.splice(0, taken);
      this.#readyLength -= length;
      this.#init.write(text);
    }
  }

  /** Writes everything that is ready, and `more`, which contains this output. */
  #flush(more: string, output = ""): void {
    for (const part of this.#ready) {
      this.#noteLine(part.text);
    }
    this.#noteLine(output);
    const text = this.#ready.map((part) => part.text + part.behind).join("") + more;
    this.#ready = [];
    this.#readyLength = 0;
    this.#handedOn = this.#marked;
    if (text !== "") {
      this.#init.write(text);
    }
  }

  /** Nothing is held back forever: frames take time, sources stall, and replies may not come. */
  #watch(): void {
    const { holding, waiting, waitingTime } = this.#pacer;
    if (this.#timer !== undefined || !(holding || waiting)) {
      return;
    }
    const { clock } = this.#init;
    const left = waiting ? waitingTime : Math.max(0, this.#wroteAt + this.#stallTime - clock.monotonic());
    this.#timer = clock.setTimeout(
      () => {
        this.#timer = undefined;
        this.#onTime(clock.monotonic());
        this.#watch();
      },
      this.#waitsForAnswers && holding ? waitingTime : left,
    );
  }

  #onTime(now: number): void {
    const pacer = this.#pacer;
    if (pacer.waiting) {
      this.#goOn(now);
    } else if (this.#waitsForAnswers ? now - this.#answeredAt >= pacer.waitingTime : this.#isStalled(now)) {
      this.release();
    }
  }

  #isStalled(now: number): boolean {
    return now - this.#wroteAt >= this.#stallTime || this.#pacer.isOverdue(now);
  }

  get #waitsForAnswers(): boolean {
    return this.#paused && !this.#urgent;
  }

  get #stallTime(): number {
    return this.#urgent ? interruptedStallTime : stallTime;
  }

  #goOn(now: number): void {
    const { mayPace, isBehind } = this.#init;
    const begin = this.#pacer.goOn(this.#handedOn, now, this.#readyLength > 0 && mayPace() && isBehind());
    if (begin === "") {
      const tail = this.#takeTail();
      this.#flush(tail, tail);
    } else {
      this.#ready.unshift({ text: "", behind: begin, marked: this.#handedOn });
      this.#handOn();
    }
  }

  #noteLine(output: string): void {
    if (output !== "") {
      this.#endsLine = output.endsWith("\r\n");
    }
  }

  #takeTail(): string {
    const tail = this.#tail;
    this.#tail = "";
    return tail;
  }

  #stopTimer(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
  }
}
