import { command, optional } from "./command.ts";
import { theConnection } from "./liveFinders.ts";

/** Removes a lost connection, or all ended sessions, from the view. */
export const clearEnded = command(optional(theConnection), async ({ service }, { given }) => {
  if (given === undefined) {
    service.clearHistory();
  } else {
    // This makes the service forget an ended connection.
    await service.disconnect(given);
  }
});
