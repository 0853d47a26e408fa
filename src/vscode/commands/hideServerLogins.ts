import { command } from "./command.ts";
import { theServerLogins } from "./liveFinders.ts";

/** Hides the list of a server's logins. It changes nothing on the server. */
export const hideServerLogins = command(theServerLogins, async ({ remotePolling }, masterId) =>
  remotePolling.hide(masterId),
);
