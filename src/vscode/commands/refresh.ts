import { command, optional } from "./command.ts";
import { theServerLogins } from "./liveFinders.ts";

/** Reads the hosts and what is open of the servers' views anew, and asks every connection for a sign of life. */
export const refresh = command(
  optional(theServerLogins),
  async ({ service, hosts, remotePolling }, { given }) => {
    if (given !== undefined) {
      remotePolling.refresh(given);
      return;
    }
    hosts.refresh();
    service.probe();
    remotePolling.refresh();
  },
);
