import { t } from "../../base/localize.ts";
import { reconnectNowTold } from "../../text/reconnectNowText.ts";
import { inform, showBriefly, withViewProgress } from "../messages/messages.ts";
import { viewIds } from "../settings/contributionIds.ts";
import { canReconnect } from "../views/livePresentation.ts";
import type { CommandHandler } from "./commandContext.ts";
import { connectionFor } from "./connectionFor.ts";

/** The next attempt to reconnect, now; or a connection that does not answer is given up for another one. */
export const reconnectNow: CommandHandler = async (context, argument) => {
  const master = await connectionFor(
    context,
    argument,
    t("Reconnect Now"),
    canReconnect,
    t("All SSH connections are responding. Nothing to reconnect."),
  );
  if (master === undefined) {
    return;
  }
  const result = await withViewProgress(viewIds.live, () => context.service.reconnectNow(master.id));
  const told = reconnectNowTold(result, master.spec);
  if (told?.severity === "quiet") {
    showBriefly(told.text, 6000);
  } else if (told !== undefined) {
    inform(told.text);
  }
};
