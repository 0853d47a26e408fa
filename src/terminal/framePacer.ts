/** All times are milliseconds. */
export interface PaceLimits {
  /** How long the terminal parses without drawing: four times what drawing took, within these. */
  readonly shortestHold: number;
  readonly longestHold: number;
  /** How long it gets to begin a frame, from its answer on: a frame at 60 Hz, less the way there and back. */
  readonly draw: number;
  /** It gets more without an answer after this long: what ends synchronized output in xterm.js, too. */
  readonly patience: number;
}

/** Measured: longer holds gain little more, and a flood that moves less than a few times a second looks stuck. */
export const defaultPaceLimits: PaceLimits = { shortestHold: 60, longestHold: 200, draw: 10, patience: 1000 };

const begin = "\u001b[?2026h";
const end = "\u001b[?2026l";

/**
 * Lets a terminal that cannot keep up draw less often. Where there is no graphics card a frame costs several times what
 * the parsing of its text does, and of what rushes by nobody reads more. Synchronized output (DEC private mode 2026)
 * makes the terminal parse on without drawing; xterm.js ends it by itself after a second.
 *
 * Goes round: *free*, *held* (it parses and does not draw), *ending* (told to draw, and not there yet), *drawing* (it
 * gets nothing, so that it draws one frame and not several), *held* … Only decides: PacedOutput does it. Positions are
 * amounts of output, times those of a monotonic clock.
 */
export class FramePacer {
  readonly #limits: PaceLimits;
  #phase: "free" | "held" | "ending" | "drawing" = "free";
  /** When the phase began. */
  #since = Number.NEGATIVE_INFINITY;
  /** Where it began. */
  #position = 0;
  #hold: number;
  /** When the frame began whose end is not known yet. */
  #frameSince: number | undefined;

  constructor(limits: PaceLimits = defaultPaceLimits) {
    this.#limits = limits;
    this.#hold = limits.shortestHold;
  }

  /** The terminal has been told not to draw. */
  get holding(): boolean {
    return this.#phase === "held";
  }

  /** The terminal is to get nothing until it has drawn. */
  get waiting(): boolean {
    return this.#phase === "ending" || this.#phase === "drawing";
  }

  /** How long to wait for that: for its answer, or after it. */
  get waitingTime(): number {
    return this.#phase === "drawing" ? this.#limits.draw : this.#limits.patience;
  }

  /** It should have ended long ago: what comes is too little for marks. */
  isOverdue(now: number): boolean {
    return this.#phase === "held" && now - this.#since >= this.#limits.longestHold;
  }

  /**
   * @param position of a mark.
   * @param wanted the terminal is behind.
   * @returns what belongs behind the mark; mostly nothing.
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
   * The time to wait is over.
   * @param wanted there is more for a terminal that is behind.
   * @returns what belongs at `position`, the last mark that was handed on.
   */
  goOn(position: number, now: number, wanted: boolean): string {
    this.#enter(wanted && this.#phase === "drawing" ? "held" : "free", position, now);
    return this.#phase === "held" ? begin : "";
  }

  /** What to write at once so that the terminal draws; nothing when it does. */
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
