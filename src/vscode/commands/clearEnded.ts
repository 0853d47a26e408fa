import { command, optional } from "./command.ts";
import { theConnection } from "./liveFinders.ts";

/** Takes a lost connection, or all sessions that have ended, out of the view. */
export const clearEnded = command(optional(theConnection), async ({ service }, { given }) => {
  if (given === undefined) {
    service.clearHistory();
  } else {
    // A connection that has ended is forgotten by this.
    await service.disconnect(given);
  }
});
