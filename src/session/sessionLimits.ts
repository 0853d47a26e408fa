import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import type { LimitKind } from "./sessionTypes.ts";

/** Seconds before the end at which the person is told. Shorter limits warn at half their time. */
export const warnBefore = 60;

export interface LimitEvents {
  /** Fires once per limit and arming. Seconds. */
  onWarn(limit: LimitKind, secondsLeft: number): void;
  /** Fires at most once; all limits have stopped then. Seconds. */
  onReached(limit: LimitKind, seconds: number): void;
}

interface Armed {
  readonly kind: LimitKind;
  readonly seconds: number;
  readonly resetByActivity: boolean;
  /** Monotonic milliseconds from which it counts. */
  from: number;
  warned: boolean;
  timer: Disposable | undefined;
}

/**
 * The clocks that can end a session: a hard limit (like `timeout 300 ssh host`), an idle limit, and ssh_config's
 * ChannelTimeout. Activity only moves a time stamp; a timer that fires early looks at it and arms itself anew, so
 * that a flood of output costs nothing.
 */
export class SessionLimits implements Disposable {
  readonly #clock: Clock;
  readonly #events: LimitEvents;
  readonly #limits: Armed[] = [];
  #timeFrom: number | undefined;

  constructor(clock: Clock, events: LimitEvents) {
    this.#clock = clock;
    this.#events = events;
  }

  /** Monotonic milliseconds from which the time limit counts, also after the end; undefined before. */
  get timeFrom(): number | undefined {
    return this.#timeFrom;
  }

  /** Adds a limit of `seconds` from `from` (monotonic milliseconds; default: now); 0 or undefined adds none. */
  add(kind: LimitKind, seconds: number | undefined, from = this.#clock.monotonic()): void {
    if (kind === "time") {
      this.#timeFrom = from;
    }
    if (seconds === undefined || !(seconds > 0) || seconds === Number.POSITIVE_INFINITY) {
      return;
    }
    const limit: Armed = {
      kind,
      seconds,
      resetByActivity: kind !== "time",
      from,
      warned: false,
      timer: undefined,
    };
    this.#limits.push(limit);
    this.#arm(limit);
  }

  /** Data went either way. */
  touch(): void {
    const now = this.#clock.monotonic();
    for (const limit of this.#limits) {
      if (limit.resetByActivity) {
        limit.from = now;
        limit.warned = false;
      }
    }
  }

  /** The person wants to go on: every limit starts anew. */
  extend(): void {
    const now = this.#clock.monotonic();
    this.#timeFrom = now;
    for (const limit of this.#limits) {
      limit.from = now;
      limit.warned = false;
      this.#arm(limit);
    }
  }

  dispose(): void {
    for (const limit of this.#limits) {
      limit.timer?.dispose();
    }
    this.#limits.length = 0;
  }

  #arm(limit: Armed): void {
    limit.timer?.dispose();
    const end = limit.from + limit.seconds * 1000;
    const warning = Math.min(warnBefore, limit.seconds / 2) * 1000;
    const next = limit.warned ? end : end - warning;
    limit.timer = this.#clock.setTimeout(
      () => this.#check(limit),
      Math.max(0, next - this.#clock.monotonic()),
    );
  }

  #check(limit: Armed): void {
    const left = limit.from + limit.seconds * 1000 - this.#clock.monotonic();
    if (left <= 0) {
      this.dispose();
      this.#events.onReached(limit.kind, limit.seconds);
      return;
    }
    const warning = Math.min(warnBefore, limit.seconds / 2) * 1000;
    if (!limit.warned && left <= warning) {
      limit.warned = true;
      this.#events.onWarn(limit.kind, Math.ceil(left / 1000));
    }
    this.#arm(limit);
  }
}
