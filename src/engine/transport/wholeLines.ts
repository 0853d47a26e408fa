import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposable.ts";

/** An incomplete line is passed on after this time without more text, because it may be a question. Milliseconds. */
const patience = 250;
/** Longer lines are passed on in parts. UTF-16 code units. */
const longest = 8 * 1024;

/** Splits a program's output into complete lines, however it arrives. */
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

  /** No more output: passes on the rest. */
  dispose(): void {
    this.#timer?.dispose();
    const rest = this.#held;
    this.#held = "";
    if (rest !== "") {
      this.#take(rest);
    }
  }
}
