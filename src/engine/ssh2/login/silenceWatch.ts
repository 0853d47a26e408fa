import { performance } from "node:perf_hooks";
import type { Clock } from "../../../base/clock.ts";
import type { Disposable } from "../../../base/disposable.ts";

export interface SilenceWatchInit {
  readonly clock: Clock;
  /** Milliseconds. */
  readonly limit: number;
  /** Monotonic milliseconds (performance.now) when the last bytes came. */
  lastReceived(): number;
  /** Whether the server has to send the next message. */
  isWaiting(): boolean;
  /** Called once. */
  onSilent(): void;
}

/** Detects that a server that has to reply has sent nothing for a while. Time that the user takes does not count. */
export class SilenceWatch implements Disposable {
  readonly #init: SilenceWatchInit;
  #timer: Disposable;
  /** The silence is measured from here. */
  #since = performance.now();

  constructor(init: SilenceWatchInit) {
    this.#init = init;
    this.#timer = init.clock.setTimeout(() => this.#check(), init.limit);
  }

  dispose(): void {
    this.#timer.dispose();
  }

  #check(): void {
    const { clock, limit, lastReceived, isWaiting, onSilent } = this.#init;
    const now = performance.now();
    if (!isWaiting()) {
      this.#since = now;
    }
    const left = limit - (now - Math.max(this.#since, lastReceived()));
    if (left <= 0) {
      onSilent();
      return;
    }
    this.#timer = clock.setTimeout(() => this.#check(), left);
  }
}
