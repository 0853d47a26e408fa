/** All times are milliseconds. */
export interface PaceLimits {
  /** How long the terminal parses without drawing: four times the drawing time, within these bounds. */
  readonly shortestHold: number;
  readonly longestHold: number;
  /** How long it has to start a frame after its reply: a frame at 60 Hz, minus the messages in both directions. */
  readonly draw: number;
  /**
   * It gets more output after this long without a reply: the time after which xterm.js ends synchronized output, too.
   */
  readonly patience: number;
}

/** Measured: longer holds gain little, and a flood that moves less than a few times a second looks stuck. */
const defaultPaceLimits: PaceLimits = { shortestHold: 60, longestHold: 200, draw: 10, patience: 1000 };

const begin = "\u001b[?2026h";
const end = "\u001b[?2026l";

/**
 * Makes a terminal that can't keep up draw less often. Without a graphics card a frame costs several times as much as
 * parsing its text, and text that rushes by is not read anyway. Synchronized output (DEC private mode 2026) makes the
 * terminal parse without drawing; xterm.js ends it by itself after a second.
 *
 * The phases are *free*, *held* (it parses and does not draw), *ending* (it was asked to draw, and has not started),
 * *drawing* (it gets no output, so that it draws one frame and not several), *held* … This class only decides;
 * PacedOutput acts. Positions are amounts of output, times are those of a monotonic clock.
 */
export class FramePacer {
  readonly #limits: PaceLimits;
  #phase: "free" | "held" | "ending" | "drawing" = "free";
  /** When the phase started. */
  #since = Number.NEGATIVE_INFINITY;
  /** The position at which it started. */
  #position = 0;
  #hold: number;
  /** When the frame started whose end is still unknown. */
  #frameSince: number | undefined;

  constructor(limits: PaceLimits = defaultPaceLimits) {
    this.#limits = limits;
    this.#hold = limits.shortestHold;
  }

  /** The terminal must not draw. */
  get holding(): boolean {
    return this.#phase === "held";
  }

  /** The terminal gets no output until it has drawn. */
  get waiting(): boolean {
    return this.#phase === "ending" || this.#phase === "drawing";
  }

  /** How long to wait for that: for its reply, or after it. */
  get waitingTime(): number {
    return this.#phase === "drawing" ? this.#limits.draw : this.#limits.patience;
  }

  /** It should have ended long ago: the output is too small for marks. */
  isOverdue(now: number): boolean {
    return this.#phase === "held" && now - this.#since >= this.#limits.longestHold;
  }

  /**
   * @param position of a mark.
   * @param wanted the terminal is behind.
   * @returns what to write after the mark; usually nothing.
   */
  atMark(position: number, now: number, wanted: boolean): string {
    if (this.#phase === "held") {
      if (wanted && now - this.#since < this.#hold) {
        return "";
      }
      this.#enter(wanted ? "ending" : "free", position, now);
      return end;
    }
    if (this.#phase !== "free" || !wanted || now - this.#since < this.#limits.draw) {
      return "";
    }
    this.#enter("held", position, now);
    return begin;
  }

  /** The terminal has parsed everything up to here. */
  acknowledged(position: number, now: number): void {
    if (this.#phase === "ending" && position >= this.#position) {
      this.#enter("drawing", this.#position, now);
      this.#frameSince = now;
    } else if (this.#phase === "held" && this.#frameSince !== undefined && position > this.#position) {
      const { shortestHold, longestHold } = this.#limits;
      this.#hold = Math.min(longestHold, Math.max(shortestHold, 4 * (now - this.#frameSince)));
      this.#frameSince = undefined;
    }
  }

  /**
   * The waiting time is over.
   * @param wanted there is more output for a terminal that is behind.
   * @returns what to write at `position`, the last written mark.
   */
  goOn(position: number, now: number, wanted: boolean): string {
    this.#enter(wanted && this.#phase === "drawing" ? "held" : "free", position, now);
    return this.#phase === "held" ? begin : "";
  }

  /** What to write at once to make the terminal draw; nothing if it draws. */
  release(now: number): string {
    const text = this.#phase === "held" ? end : "";
    if (this.#phase !== "free") {
      this.#enter("free", this.#position, now);
    }
    return text;
  }

  #enter(phase: "free" | "held" | "ending" | "drawing", position: number, now: number): void {
    this.#phase = phase;
    this.#position = position;
    this.#since = now;
    if (phase === "free") {
      this.#frameSince = undefined;
    }
  }
}
