import { t } from "../../base/localize.ts";
import { isReconnecting } from "../views/connectionConditions.ts";
import { command } from "./command.ts";
import { aConnection } from "./liveFinders.ts";

/** Stops reconnecting the terminals of a lost connection; each can be opened again in its tab. */
export const stopReconnecting = command(
  aConnection({
    title: () => t("Stop Reconnecting"),
    accept: isReconnecting,
    none: () => t("No SSH connection is reconnecting."),
  }),
  async ({ service }, master) => service.stopReconnecting(master.id),
);
