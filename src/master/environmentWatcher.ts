import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { Emitter } from "../base/emitter.ts";

/** Why connections should be looked at now. */
export type EnvironmentChange = "wake" | "addresses";

/** Milliseconds between looks. */
const step = 500;
/** A look that comes this much too late, by either clock, means that the machine (or this process) slept. */
const slept = 3000;

/**
 * Notices that the machine woke up, or that its network addresses changed. Runs only while started, so that an idle
 * extension costs nothing. A busy process can look like a short sleep; a probe too many does no harm.
 */
export class EnvironmentWatcher implements Disposable {
  readonly #clock: Clock;
  readonly #addresses: () => string;
  readonly #changed = new Emitter<EnvironmentChange>();
  #timer: Disposable | undefined;
  #wall = 0;
  #monotonic = 0;
  #lastAddresses = "";

  readonly onDidChange = this.#changed.event;

  /** @param addresses all addresses of the machine as one comparable string. */
  constructor(clock: Clock, addresses: () => string) {
    this.#clock = clock;
    this.#addresses = addresses;
  }

  /** Idempotent. */
  start(): void {
    if (this.#timer === undefined) {
      this.#lastAddresses = this.#addresses();
      this.#arm();
    }
  }

  stop(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
  }

  dispose(): void {
    this.stop();
    this.#changed.dispose();
  }

  #arm(): void {
    this.#wall = this.#clock.now();
    this.#monotonic = this.#clock.monotonic();
    this.#timer = this.#clock.setTimeout(() => this.#look(), step);
  }

  #look(): void {
    // Some systems stop the monotonic clock while they sleep, others don't: either one tells.
    const late = Math.max(this.#clock.now() - this.#wall, this.#clock.monotonic() - this.#monotonic) - step;
    const addresses = this.#addresses();
    const moved = addresses !== this.#lastAddresses;
    this.#lastAddresses = addresses;
    this.#arm();
    if (late > slept) {
      this.#changed.fire("wake");
    } else if (moved) {
      this.#changed.fire("addresses");
    }
  }
}
