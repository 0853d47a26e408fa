import { t } from "../../base/localize.ts";
import { isConnected } from "../serverView/remotePolling.ts";
import { command } from "./command.ts";
import { aConnection } from "./liveFinders.ts";

/** Shows the list of a server's logins below its connection. */
export const showServerLogins = command(
  aConnection({
    title: () => t("Show Logins on the Server"),
    accept: isConnected,
    none: () => t("Connect to a host first."),
  }),
  async ({ remotePolling }, master) => remotePolling.show(master.id),
);
