import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import type { Dimensions } from "../engine/connectionEngine.ts";

/** Milliseconds: dragging the panel's border produces dozens of sizes per second, and each makes programs redraw. */
const interval = 50;

/** Passes on sizes: the first at once, then at most one per interval, always the last one, and none twice. */
export class ResizeCoalescer implements Disposable {
  readonly #clock: Clock;
  readonly #apply: (dimensions: Dimensions) => void;
  #applied: Dimensions;
  #wanted: Dimensions;
  #timer: Disposable | undefined;

  /** @param initial the size that the other side already has. */
  constructor(clock: Clock, initial: Dimensions, apply: (dimensions: Dimensions) => void) {
    this.#clock = clock;
    this.#applied = initial;
    this.#wanted = initial;
    this.#apply = apply;
  }

  resize(dimensions: Dimensions): void {
    this.#wanted = dimensions;
    if (this.#timer === undefined) {
      this.#flush();
    }
  }

  dispose(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
    this.#wanted = this.#applied;
  }

  #flush(): void {
    const { columns, rows } = this.#wanted;
    if (columns === this.#applied.columns && rows === this.#applied.rows) {
      return;
    }
    this.#applied = this.#wanted;
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = undefined;
      this.#flush();
    }, interval);
    this.#apply(this.#applied);
  }
}
