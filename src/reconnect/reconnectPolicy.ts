import { SshSessionsError } from "../base/errors.ts";
import { ChannelError, ConnectError } from "../engine/engineErrors.ts";
import { isLoss } from "../master/masterTypes.ts";
import type { SessionOutcome } from "../session/sessionTypes.ts";

/** `auto`: without being asked, when no prompt is needed; `ask`: when the person says so; `never`: not in this tab. */
export type ReconnectMode = "auto" | "ask" | "never";

/** Milliseconds. */
export interface BackoffLimits {
  readonly first: number;
  readonly longest: number;
  /** A connection that lasted this long begins a new series of delays when it is lost. */
  readonly stable: number;
}

export const defaultBackoff: BackoffLimits = { first: 1000, longest: 60_000, stable: 30_000 };

/** Delays that double, each shortened by up to half at random, so that many terminals don't knock at once. */
export class Backoff {
  readonly #random: () => number;
  readonly #limits: BackoffLimits;
  #failures = 0;

  /** @param random 0 <= x < 1 */
  constructor(random: () => number, limits: BackoffLimits = defaultBackoff) {
    this.#random = random;
    this.#limits = limits;
  }

  get attempts(): number {
    return this.#failures;
  }

  /** How long to wait before the next attempt. */
  next(): number {
    const { first, longest } = this.#limits;
    const full = Math.min(longest, first * 2 ** Math.min(this.#failures, 30));
    this.#failures++;
    return Math.round(full * (1 - this.#random() / 2));
  }

  /** A connection was lost that had lasted for `duration`. */
  noteLost(duration: number): void {
    if (duration >= this.#limits.stable) {
      this.reset();
    }
  }

  /** What made the attempts fail may be over: the next delay is the shortest. */
  reset(): void {
    this.#failures = 0;
  }
}

/** Whether a session that ended so may go on in a new one: only when it was taken from its owner. */
export function mayReconnect(outcome: SessionOutcome): boolean {
  return outcome.kind === "lost" && isLoss(outcome.reason);
}

/**
 * Whether a failed attempt may be repeated without anybody asking for it. Only what the network or a server that is
 * starting can cause: never a refused login (accounts get locked), a key that does not match, or a cancellation.
 */
export function mayRetry(error: unknown): boolean {
  if (ConnectError.is(error)) {
    switch (error.reason) {
      case "name-not-found":
      case "refused":
      case "unreachable":
      case "timed-out":
      case "reset":
      case "closed-during-handshake":
        return true;
      // As good as what stopped the hop or the proxy.
      case "proxy-failed":
      case "jump-failed":
        return !(error.cause instanceof SshSessionsError) || mayRetry(error.cause);
      case "no-common-algorithm":
      case "not-ssh":
      case "protocol":
      case "unsupported":
      case "local":
        return false;
    }
  }
  return ChannelError.is(error) && error.reason !== "request-failed";
}
