import { command } from "./command.ts";
import { theServerLogins } from "./liveFinders.ts";

/** Takes the list of a server's logins away. Nothing on the server is touched. */
export const hideServerLogins = command(theServerLogins, async ({ remotePolling }, masterId) =>
  remotePolling.hide(masterId),
);
