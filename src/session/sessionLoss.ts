import { isLoss } from "../master/masterTypes.ts";
import type { SessionOutcome } from "./sessionTypes.ts";

/** Whether a session that ended so may go on in a new one: only when its owner did not want it to end. */
export function mayReconnect(outcome: SessionOutcome): boolean {
  return outcome.kind === "lost" && isLoss(outcome.reason);
}
