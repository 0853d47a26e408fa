import { command, optional } from "./command.ts";
import { theServerLogins } from "./liveFinders.ts";

/** Reads the hosts and the open server views again, and probes every connection. */
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
