import type { Clock } from "../base/clock.ts";

/**
 * What a terminal sends on its own: replies to DA, DSR, DECRQM, window and keyboard queries and to queries in OSC,
 * DCS or APC strings, and focus changes. F3 with Shift or Ctrl looks like a cursor position.
 */
const reports =
  /^(?:\u001b\[(?:[<=>?]?[\d;]*(?:[cnRt]|\$y)|\?[\d;]*u|[IO])|\u001b[P\]_][^\u0007\u001b]*(?:\u0007|\u001b\\))+$/;

/** Whether the terminal sent `text` on its own, and not the user. */
export function isReport(text: string): boolean {
  return reports.test(text);
}

/** For this long after a key, more keys are expected. Milliseconds. */
const typingTime = 1000;
/**
 * How long a flood then rests between two steps: most of the window's time is left to the terminal being typed in.
 * Milliseconds.
 */
const restTime = 100;

/**
 * All terminals of a window are parsed and drawn by one thread. This class knows in which of them the user is typing,
 * so that floods in the others yield: an echo must show at once, and flooding output can come later.
 */
export class Typing {
  readonly #clock: Clock;
  #at = Number.NEGATIVE_INFINITY;
  #where: object | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `text` came from this terminal: typed or pasted, or a reply to a program. */
  typed(terminal: object, text: string): void {
    if (isReport(text)) {
      return;
    }
    this.#at = this.#clock.monotonic();
    this.#where = terminal;
  }

  /** How long this terminal's output rests between two steps, in milliseconds; 0: not at all. */
  restFor(terminal: object): number {
    return this.#where !== terminal && this.#clock.monotonic() - this.#at < typingTime ? restTime : 0;
  }
}
