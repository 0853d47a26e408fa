import type { Clock } from "../../base/clock.ts";
import type { Disposable } from "../../base/disposable.ts";
import { guarded } from "../../base/guarded.ts";
import { aliveInterval } from "../mux/windowProtocol.ts";

/**
 * A window that sends nothing for this long is stopped or blocked. Milliseconds. An extension host that is only busy must
 * not cost the others their shells.
 */
const longestSilence = 6 * aliveInterval;

/** A timer that is this late means that this process slept or was busy itself. Milliseconds. */
const lateTimer = 1_000;

/** Detects that the window that holds a connection is stopped or blocked: its notes that it is alive are missing. */
export class OwnerWatch implements Disposable {
  readonly #clock: Clock;
  readonly #isReading: () => boolean;
  readonly #onSilent: () => void;
  #heard: number;
  #timer: Disposable | undefined;
  #disposed = false;

  /** @param isPaused this side reads nothing now, so that silence proves nothing. */
  constructor(clock: Clock, isPaused: () => boolean, onSilent: () => void) {
    this.#clock = clock;
    this.#isReading = () => !isPaused();
    this.#onSilent = onSilent;
    this.#heard = clock.monotonic();
    this.#arm();
  }

  /** Something came from the window. */
  heard(): void {
    this.#heard = this.#clock.monotonic();
  }

  dispose(): void {
    this.#disposed = true;
    this.#timer?.dispose();
  }

  #arm(): void {
    const due = this.#clock.monotonic() + aliveInterval;
    this.#timer = this.#clock.setTimeout(() => this.#check(due), aliveInterval);
  }

  #check(due: number): void {
    const now = this.#clock.monotonic();
    if (now - due > lateTimer || !this.#isReading()) {
      this.#heard = now;
    }
    if (now - this.#heard >= longestSilence) {
      // Timers run before received data is read.
      setImmediate(
        guarded(() => {
          if (!this.#disposed && this.#clock.monotonic() - this.#heard >= longestSilence) {
            this.#onSilent();
          }
        }),
      );
    }
    if (!this.#disposed) {
      this.#arm();
    }
  }
}
