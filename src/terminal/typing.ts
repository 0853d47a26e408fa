import type { Clock } from "../base/clock.ts";

/**
 * What a terminal sends by itself: answers to DA, DSR, DECRQM, window and keyboard queries, to questions in OSC, DCS or
 * APC strings, and changes of focus. F3 with Shift or Ctrl looks like a cursor position.
 */
const reports =
  /^(?:\u001b\[(?:[<=>?]?[\d;]*(?:[cnRt]|\$y)|\?[\d;]*u|[IO])|\u001b[P\]_][^\u0007\u001b]*(?:\u0007|\u001b\\))+$/;

/** Whether the terminal sent `text` by itself: nobody typed it. */
export function isReport(text: string): boolean {
  return reports.test(text);
}

/** For this long after a key more keys are to be expected. Milliseconds. */
const typingTime = 1000;
/** How long a flood rests between two steps meanwhile: most of the window's time is left to the one who types. Milliseconds. */
const restTime = 100;

/**
 * All terminals of a window are parsed and drawn by one thread. Knows in which of them somebody is typing, so that what
 * floods the others steps back: an echo is to be seen at once, what rushes by elsewhere can come a little later.
 */
export class Typing {
  readonly #clock: Clock;
  #at = Number.NEGATIVE_INFINITY;
  #where: object | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `text` came from this terminal: typed or pasted, or what the terminal answers to a program. */
  typed(terminal: object, text: string): void {
    if (isReport(text)) {
      return;
    }
    this.#at = this.#clock.monotonic();
    this.#where = terminal;
  }

  /** How long this terminal's output is to rest between two steps, in milliseconds; 0: not at all. */
  restFor(terminal: object): number {
    return this.#where !== terminal && this.#clock.monotonic() - this.#at < typingTime ? restTime : 0;
  }
}
