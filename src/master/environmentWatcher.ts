import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import { Emitter } from "../base/emitter.ts";
import { asError } from "../base/errors.ts";
import { type Logger, printable } from "../base/log.ts";

/** Why connections should be checked now. */
export type EnvironmentChange = "wake" | "addresses";

/** Milliseconds between checks. */
const step = 500;
/** A check that is this much late, by either clock, means that the machine (or this process) slept. */
const slept = 3000;

/**
 * Reports that the machine woke up, or that its network addresses changed. It runs only while started, so that an
 * idle extension costs nothing. A busy process can look like a short sleep; an extra probe does no harm.
 */
export class EnvironmentWatcher implements Disposable {
  readonly #clock: Clock;
  readonly #addresses: () => string;
  readonly #logger: Logger;
  readonly #changed = new Emitter<EnvironmentChange>();
  #timer: Disposable | undefined;
  #wall = 0;
  #monotonic = 0;
  #lastAddresses: string | undefined;
  #saidFailure = false;

  readonly onDidChange = this.#changed.event;

  /** @param addresses all addresses of the machine as one comparable string. May throw. */
  constructor(clock: Clock, addresses: () => string, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
    this.#addresses = addresses;
  }

  /** Idempotent. */
  start(): void {
    if (this.#timer === undefined) {
      this.#lastAddresses = this.#readAddresses();
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
    this.#timer = this.#clock.setTimeout(() => this.#check(), step);
  }

  #check(): void {
    // Some systems stop the monotonic clock during sleep, others don't: check both.
    const late = Math.max(this.#clock.now() - this.#wall, this.#clock.monotonic() - this.#monotonic) - step;
    this.#arm();
    const before = this.#lastAddresses;
    const addresses = this.#readAddresses();
    const moved = before !== undefined && addresses !== undefined && addresses !== before;
    this.#lastAddresses = addresses ?? before;
    if (late > slept) {
      this.#changed.fire("wake");
    } else if (moved) {
      this.#changed.fire("addresses");
    }
  }

  /**
   * Undefined where the system can't report it: os.networkInterfaces() fails without a netlink socket, for example.
   */
  #readAddresses(): string | undefined {
    try {
      return this.#addresses();
    } catch (error) {
      if (!this.#saidFailure) {
        this.#saidFailure = true;
        this.#logger.warn(
          `The addresses of this machine can't be read (${printable(asError(error).message)}): only a wake is noticed`,
        );
      }
      return undefined;
    }
  }
}
