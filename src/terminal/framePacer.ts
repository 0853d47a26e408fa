/** All times are milliseconds. */
export interface PaceLimits {
  /** How long the terminal parses without drawing: twice what drawing took, within these. */
  readonly shortestHold: number;
  readonly longestHold: number;
  /** How long it may then draw at least: longer than a frame takes to begin at 60 Hz. */
  readonly draw: number;
}

/** Measured: longer holds gain little more, and a flood that moves less than a few times a second looks stuck. */
export const defaultPaceLimits: PaceLimits = { shortestHold: 60, longestHold: 200, draw: 20 };

const begin = "\u001b[?2026h";
const end = "\u001b[?2026l";

/**
 * Lets a terminal that cannot keep up draw less often. Where there is no graphics card a frame costs several times what
 * the parsing of its text does, and of what rushes by nobody reads more. Synchronized output (DEC private mode 2026)
 * makes the terminal parse on without drawing; xterm.js ends it by itself after a second.
 *
 * Only decides: whoever owns it puts the sequences where they change nothing (see SafePointScanner), and releases as
 * soon as the output stalls. Positions are amounts of output, times those of a monotonic clock.
 */
export class FramePacer {
  readonly #limits: PaceLimits;
  #hold: number;
  #heldSince: number | undefined;
  /** Drawing ends here, and the terminal is not there yet. */
  #heldAt: number | undefined;
  /** Drawing was allowed here, and the terminal is not there yet. */
  #releasedAt: number | undefined;
  #drawingSince = Number.NEGATIVE_INFINITY;

  constructor(limits: PaceLimits = defaultPaceLimits) {
    this.#limits = limits;
    this.#hold = limits.shortestHold;
  }

  /** The terminal has been told not to draw. */
  get holding(): boolean {
    return this.#heldSince !== undefined;
  }

  /** It should have ended long ago: what comes is too little for marks. */
  isOverdue(now: number): boolean {
    return this.#heldSince !== undefined && now - this.#heldSince >= this.#limits.longestHold;
  }

  /**
   * @param position of a mark.
   * @param wanted the terminal is behind.
   * @returns what belongs behind the mark; mostly nothing.
   */
  atMark(position: number, now: number, wanted: boolean): string {
    if (this.#heldSince !== undefined) {
      if (wanted && now - this.#heldSince < this.#hold) {
        return "";
      }
      this.#heldSince = undefined;
      this.#releasedAt = position;
      return end;
    }
    if (!wanted || this.#releasedAt !== undefined || now - this.#drawingSince < this.#limits.draw) {
      return "";
    }
    this.#heldSince = now;
    this.#heldAt = position;
    return begin;
  }

  /** The terminal has parsed everything up to here. */
  acknowledged(position: number, now: number): void {
    if (this.#heldAt !== undefined && position >= this.#heldAt) {
      const { shortestHold, longestHold } = this.#limits;
      this.#heldAt = undefined;
      this.#hold = Math.min(longestHold, Math.max(shortestHold, 2 * (now - this.#drawingSince)));
    }
    if (this.#releasedAt !== undefined && position >= this.#releasedAt) {
      this.#releasedAt = undefined;
      this.#drawingSince = now;
    }
  }

  /** What to write at once so that the terminal draws; nothing when it does. */
  release(now: number): string {
    if (this.#heldSince === undefined) {
      return "";
    }
    this.#heldSince = undefined;
    this.#drawingSince = now;
    return end;
  }
}
