import { isLoss } from "../master/masterTypes.ts";
import type { SessionOutcome } from "./sessionTypes.ts";

/**
 * A server that shuts down ends its shells shortly before their connection. A session that ended within this time
 * before the connection was lost counts as lost with it. Milliseconds.
 */
export const hangUpPrecedesLoss = 10_000;

/** Signals by which a shutdown ends sessions, and their numbers in the exit codes of shells. */
const shutdownSignals: ReadonlySet<string> = new Set(["HUP", "TERM", "KILL"]);
const shutdownCodes: ReadonlySet<number> = new Set([1, 15, 9].map((signal) => 128 + signal));

/** Whether a session with this outcome may be reconnected: only when it did not end on request. */
export function mayReconnect(outcome: SessionOutcome): boolean {
  return outcome.kind === "lost" && isLoss(outcome.reason);
}

/**
 * Whether a shutdown of the server may have ended a session with this outcome: the end of its connection follows
 * then.
 */
export function mayBeShutdown(outcome: SessionOutcome): boolean {
  switch (outcome.kind) {
    case "signalled":
      return shutdownSignals.has(outcome.signal);
    case "exited":
      return outcome.code !== undefined && shutdownCodes.has(outcome.code);
    case "moved":
    case "disconnected":
    case "killed":
    case "lost":
    case "limit":
    case "failed":
      return false;
  }
}
