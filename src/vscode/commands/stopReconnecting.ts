import { t } from "../../base/localize.ts";
import { isReconnecting } from "../views/livePresentation.ts";
import type { CommandHandler } from "./commandContext.ts";
import { connectionFor } from "./connectionFor.ts";

/** The terminals of a lost connection wait no longer; each can be opened again in its tab. */
export const stopReconnecting: CommandHandler = async (context, argument) => {
  const master = await connectionFor(
    context,
    argument,
    t("Stop Reconnecting"),
    isReconnecting,
    t("No SSH connection is reconnecting."),
  );
  if (master !== undefined) {
    context.service.stopReconnecting(master.id);
  }
};
