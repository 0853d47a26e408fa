import { isLoss } from "../master/masterTypes.ts";
import type { SessionOutcome } from "./sessionTypes.ts";

/**
 * A server that shuts down ends its shells a moment before their connection: a connection that is lost within this time
 * has taken such a session with it. Milliseconds.
 */
export const hangUpPrecedesLoss = 10_000;

/** Signals that end the sessions of a server that shuts down, and their numbers in the exit codes of shells. */
const shutdownSignals: ReadonlySet<string> = new Set(["HUP", "TERM", "KILL"]);
const shutdownCodes: ReadonlySet<number> = new Set([1, 15, 9].map((signal) => 128 + signal));

/** Whether a session that ended so may go on in a new one: only when its owner did not want it to end. */
export function mayReconnect(outcome: SessionOutcome): boolean {
  return outcome.kind === "lost" && isLoss(outcome.reason);
}

/** Whether a session that ended so may have been ended by a server that shuts down: its connection then follows it. */
export function mayBeShutdown(outcome: SessionOutcome): boolean {
  switch (outcome.kind) {
    case "signalled":
      return shutdownSignals.has(outcome.signal);
    case "exited":
      return outcome.code !== undefined && shutdownCodes.has(outcome.code);
    case "disconnected":
    case "killed":
    case "lost":
    case "limit":
    case "failed":
      return false;
  }
}
