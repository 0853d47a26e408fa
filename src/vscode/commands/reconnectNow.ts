import { t } from "../../base/localize.ts";
import { reconnectNowTold } from "../../text/reconnectNowText.ts";
import { inform, showBriefly, withViewProgress } from "../messages/messages.ts";
import { viewIds } from "../settings/contributionIds.ts";
import { canReconnect } from "../views/connectionConditions.ts";
import { command } from "./command.ts";
import { aConnection } from "./liveFinders.ts";

/** Starts the next attempt to reconnect now; a connection that does not respond is replaced. */
export const reconnectNow = command(
  aConnection({
    title: () => t("Reconnect Now"),
    accept: canReconnect,
    none: () => t("All SSH connections are responding. Nothing to reconnect."),
  }),
  async ({ service }, master) => {
    const result = await withViewProgress(viewIds.live, () => service.reconnectNow(master.id));
    const told = reconnectNowTold(result, master.spec);
    if (told?.severity === "quiet") {
      showBriefly(told.text, 6000);
    } else if (told !== undefined) {
      inform(told.text);
    }
  },
);
