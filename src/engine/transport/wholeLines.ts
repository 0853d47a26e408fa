import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposable.ts";

/** A line that its writer has not ended is handed on when so long nothing follows: it may be a question. Milliseconds. */
const patience = 250;
/** What is longer than this is handed on in parts. UTF-16 code units. */
const longest = 8 * 1024;

/** Puts a program's output together to whole lines, whatever the pieces in which it comes. */
export class WholeLines implements Disposable {
  readonly #clock: Clock;
  readonly #take: (lines: string) => void;
  #held = "";
  #timer: Disposable | undefined;

  constructor(clock: Clock, take: (lines: string) => void) {
    this.#clock = clock;
    this.#take = take;
  }

  add(text: string): void {
    this.#timer?.dispose();
    this.#held += text;
    const end = this.#held.length > longest ? this.#held.length : this.#held.lastIndexOf("\n") + 1;
    const lines = this.#held.slice(0, end);
    this.#held = this.#held.slice(end);
    if (lines !== "") {
      this.#take(lines);
    }
    if (this.#held !== "") {
      this.#timer = this.#clock.setTimeout(() => this.dispose(), patience);
    }
  }

  /** Nothing more comes: hands on what is left. */
  dispose(): void {
    this.#timer?.dispose();
    const rest = this.#held;
    this.#held = "";
    if (rest !== "") {
      this.#take(rest);
    }
  }
}
