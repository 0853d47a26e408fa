import type { Clock } from "../base/clock.ts";
import type { Disposable } from "../base/disposable.ts";
import type { LimitKind, LimitSnapshot, SessionLimit } from "./sessionTypes.ts";

/** Seconds before the end at which the user is warned. Shorter limits warn at half their time. */
export const warnBefore = 60;

export interface LimitEvents {
  /** Fires once per limit and start. Seconds. */
  onWarn(limit: LimitKind, secondsLeft: number): void;
  /** Fires at most once; all limits have stopped then. Seconds. `extended`: they count from an extension. */
  onReached(limit: LimitKind, seconds: number, extended: boolean): void;
  /** Monotonic milliseconds of the last data on any session of the connection, for `global-timeout`. */
  lastActivityOnConnection(): number;
}

interface Armed extends SessionLimit {
  /** Monotonic milliseconds from which it counts. */
  from: number;
  warned: boolean;
  timer: Disposable | undefined;
}

/**
 * The limits that can end a session: a time limit (like `timeout 300 ssh host`), an idle limit, and ssh_config's
 * ChannelTimeout for its kind of channel and for all channels together. Activity only updates a time stamp; a timer
 * that fires early reads it and starts again, so that a flood of output costs nothing.
 */
export class SessionLimits implements Disposable {
  readonly #clock: Clock;
  readonly #events: LimitEvents;
  readonly #limits: Armed[] = [];
  #timeFrom: number | undefined;
  #extended = false;

  constructor(clock: Clock, events: LimitEvents) {
    this.#clock = clock;
    this.#events = events;
  }

  /** Monotonic milliseconds from which the time limit counts, also after the end; undefined before. */
  get timeFrom(): number | undefined {
    return this.#timeFrom;
  }

  /**
   * The session is open.
   * @param timeFrom monotonic milliseconds from which a time limit counts; default: now.
   * @param idleFrom the same for the other limits.
   */
  start(
    limits: readonly SessionLimit[],
    timeFrom = this.#clock.monotonic(),
    idleFrom = this.#clock.monotonic(),
  ): void {
    this.#timeFrom = timeFrom;
    for (const limit of limits) {
      if (limit.seconds > 0 && limit.seconds !== Number.POSITIVE_INFINITY) {
        const from = limit.kind === "time" ? timeFrom : idleFrom;
        const armed: Armed = { ...limit, from, warned: false, timer: undefined };
        this.#limits.push(armed);
        this.#arm(armed);
      }
    }
  }

  snapshots(): readonly LimitSnapshot[] {
    const now = this.#clock.now();
    return Object.freeze(
      this.left().map(({ milliseconds, ...limit }) =>
        Object.freeze({ ...limit, endsAt: now + milliseconds }),
      ),
    );
  }

  /** Each limit and its remaining milliseconds, the shortest first. */
  left(): readonly (SessionLimit & { readonly milliseconds: number })[] {
    return this.#limits
      .map((limit) => {
        const { kind, seconds, source } = limit;
        return { kind, seconds, source, milliseconds: Math.max(0, this.#left(limit)) };
      })
      .sort((one, other) => one.milliseconds - other.milliseconds);
  }

  /**
   * Data was sent or received. @param isRedraw it is the answer to a new size of the terminal: for an idle limit nobody
   * has done anything. For ChannelTimeout all data counts, as in OpenSSH.
   */
  touch(isRedraw = false): void {
    const now = this.#clock.monotonic();
    for (const limit of this.#limits) {
      if (limit.kind !== "time" && !(isRedraw && limit.kind === "idle")) {
        limit.from = now;
        limit.warned = false;
      }
    }
  }

  /** The user extends the session: every limit starts again. */
  extend(): void {
    const now = this.#clock.monotonic();
    this.#timeFrom = now;
    this.#extended = true;
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
    const left = this.#left(limit);
    const warning = Math.min(warnBefore, limit.seconds / 2) * 1000;
    limit.timer = this.#clock.setTimeout(
      () => this.#check(limit),
      Math.max(0, limit.warned ? left : left - warning),
    );
  }

  /** Milliseconds. */
  #left(limit: Armed): number {
    if (limit.kind === "global-timeout") {
      const last = this.#events.lastActivityOnConnection();
      if (last > limit.from) {
        limit.from = last;
        limit.warned = false;
      }
    }
    return limit.from + limit.seconds * 1000 - this.#clock.monotonic();
  }

  #check(limit: Armed): void {
    const left = this.#left(limit);
    if (left <= 0) {
      this.dispose();
      // The other limits count from the last data in any case.
      this.#events.onReached(limit.kind, limit.seconds, this.#extended && limit.kind === "time");
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
